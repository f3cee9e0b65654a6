import Admission
import DatabaseSpec
import Dispatch
import Synchronization

/// Says what is wrong with scripts, and remembers it by their hashes. It parses on threads of its own: one for what is
/// short, which is waited for, and one for what is long, where namespaces have turns and nobody's pass waits.
final class ScriptJudge: Sendable {
  /// What a customer asks in all at once.
  struct Request: Sendable {
    let namespace: String
    let questions: [ScriptQuestion: ScriptText]
    /// Called when all is answered.
    let answered: @Sendable () -> Void
  }

  /// A long script.
  private struct Job: Sendable {
    let question: ScriptQuestion
    let text: ScriptText
  }

  private struct State {
    /// What is wrong, a line each.
    var verdicts: [ScriptQuestion: [String]] = [:]
    /// The same, in the order in which they were found.
    var order: [ScriptQuestion] = []
    var line = FairLine<Job>()
    /// Bytes of what waits.
    var pendingBytes = 0
    /// Which requests wait for a question.
    var pending: [ScriptQuestion: [Int]] = [:]
    /// For how many questions each request waits, and what comes then.
    var open: [Int: (count: Int, answered: @Sendable () -> Void)] = [:]
    var lastRequest = 0

    /// - Returns: what is to be called now.
    mutating func answered(_ request: Int) -> (@Sendable () -> Void)? {
      guard var entry = open[request] else { return nil }
      entry.count -= 1
      open[request] = entry.count > 0 ? entry : nil
      return entry.count > 0 ? nil : entry.answered
    }
  }

  /// What a pass may wait for: some hundredths of a second.
  static let shortBytes = 64 << 10
  /// How many bytes may wait to be parsed; more are refused until some of them are.
  private let maximumPendingBytes: Int
  /// Where more verdicts are remembered, the older half is forgotten.
  private static let maximumRemembered = 20_000

  private let short = DispatchQueue(label: "postern.scripts.short")
  private let long = DispatchQueue(label: "postern.scripts.long")
  private let state = Mutex(State())

  init(maximumPendingBytes: Int = 32 << 20) { self.maximumPendingBytes = maximumPendingBytes }

  /// What is wrong with a script, a line each; nil where it is not known yet.
  func verdict(on question: ScriptQuestion) -> [String]? { state.withLock { $0.verdicts[question] } }

  /// How many scripts were parsed, for tests: one text is parsed once.
  let parsed = Atomic(0)

  /// Answers what is asked, and waits for it. For what is short.
  func judge(_ questions: [ScriptQuestion: ScriptText]) async {
    guard !questions.isEmpty else { return }
    await withCheckedContinuation { continuation in
      short.async {
        for (question, text) in questions { self.answer(question, text) }
        continuation.resume()
      }
    }
  }

  /// Answers what is asked, later. What somebody asks already is not asked twice.
  /// - Returns: whether it was taken; where too much waits already, it is not.
  func submit(_ request: Request) -> Bool {
    let count = state.withLock { state -> Int? in
      let new = request.questions.filter { state.pending[$0.key] == nil }
      let bytes = new.values.reduce(0) { $0 + $1.bytes.count }
      guard state.pendingBytes + bytes <= maximumPendingBytes else { return nil }
      state.pendingBytes += bytes
      state.lastRequest += 1
      state.open[state.lastRequest] = (request.questions.count, request.answered)
      for question in request.questions.keys { state.pending[question, default: []].append(state.lastRequest) }
      for (question, text) in new { state.line.append(Job(question: question, text: text), of: request.namespace) }
      return new.count
    }
    for _ in 0..<(count ?? 0) { long.async { self.doNext() } }
    return count != nil
  }

  private func doNext() {
    guard let job = state.withLock({ $0.line.removeFirst() }) else { return }
    answer(job.question, job.text)
    let answered = state.withLock { state in
      state.pendingBytes -= job.text.bytes.count
      return (state.pending.removeValue(forKey: job.question) ?? []).compactMap { state.answered($0) }
    }
    for answered in answered { answered() }
  }

  private func answer(_ question: ScriptQuestion, _ text: ScriptText) {
    guard verdict(on: question) == nil else { return }
    let refusals = Self.refusals(text, isTransaction: question.isTransaction)
    parsed.wrappingAdd(1, ordering: .relaxed)
    state.withLock { state in
      guard state.verdicts.updateValue(refusals, forKey: question) == nil else { return }
      state.order.append(question)
      guard state.order.count > Self.maximumRemembered else { return }
      for question in state.order.prefix(Self.maximumRemembered / 2) { state.verdicts[question] = nil }
      state.order.removeFirst(Self.maximumRemembered / 2)
    }
  }

  /// What is wrong with a text, a line each, the first ones; no word of it is shown.
  static func refusals(_ text: ScriptText, isTransaction: Bool) -> [String] {
    guard let sql = String(validating: text.bytes, as: UTF8.self), !text.bytes.contains(0) else {
      return ["its text is not UTF-8"]
    }
    return Array(scriptRefusals(sql, isTransaction: isTransaction).prefix(5))
  }
}
