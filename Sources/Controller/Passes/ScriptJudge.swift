import Dispatch
import Instances
import Synchronization

/// Checks scripts, and remembers the verdicts by the texts' hashes. It parses on threads of its own: one for short
/// texts, for which a pass waits, and one for long texts, where namespaces take turns and no pass waits.
final class ScriptJudge: Sendable {
  /// Questions that a customer asks together.
  struct Request: Sendable {
    let namespace: String
    let questions: [ScriptQuestion: ScriptText]
    /// Called when all questions are answered.
    let answered: @Sendable () -> Void
  }

  /// A long script.
  private struct Job: Sendable {
    let namespace: String
    let question: ScriptQuestion
    let text: ScriptText
  }

  private struct State {
    /// The errors of each text, one line each.
    var verdicts: [ScriptQuestion: [String]] = [:]
    /// The same questions, in the order in which they were answered.
    var order: [ScriptQuestion] = []
    var line = FairLine<Job>()
    /// How many bytes wait, of each namespace.
    var pendingBytes: [String: Int] = [:]
    /// The requests that wait for a question.
    var pending: [ScriptQuestion: [Int]] = [:]
    /// For how many questions each request waits, and what to call afterwards.
    var open: [Int: (count: Int, answered: @Sendable () -> Void)] = [:]
    var lastRequest = 0

    /// - Returns: the function that must be called now.
    mutating func answered(_ request: Int) -> (@Sendable () -> Void)? {
      guard var entry = open[request] else { return nil }
      entry.count -= 1
      open[request] = entry.count > 0 ? entry : nil
      return entry.count > 0 ? nil : entry.answered
    }
  }

  /// The longest text for which a pass may wait: it takes some hundredths of a second.
  static let shortBytes = 64 << 10
  /// How many bytes may wait to be parsed. More are refused until some of them are parsed. Half of them is for namespaces of
  /// which nothing waits yet.
  private let maximumPendingBytes: Int
  /// When there are more verdicts than this, the older half is forgotten.
  private static let maximumRemembered = 20_000

  private let short = DispatchQueue(label: "postern.scripts.short")
  private let long = DispatchQueue(label: "postern.scripts.long")
  private let state = Mutex(State())

  init(maximumPendingBytes: Int = 32 << 20) { self.maximumPendingBytes = maximumPendingBytes }

  /// The errors in a script, one line each; nil where they are not known yet.
  func verdict(on question: ScriptQuestion) -> [String]? { state.withLock { $0.verdicts[question] } }

  /// How many scripts were parsed. Tests check that a text is parsed once.
  let parsed = Atomic(0)

  /// Answers questions about short texts, and waits for the answers.
  func judge(_ questions: [ScriptQuestion: ScriptText]) async {
    guard !questions.isEmpty else { return }
    await withCheckedContinuation { continuation in
      short.async {
        for (question, text) in questions { self.answer(question, text) }
        continuation.resume()
      }
    }
  }

  /// Answers questions later. A question that another request has already asked is not asked twice.
  /// - Returns: whether the request was accepted; false if too much is waiting.
  func submit(_ request: Request) -> Bool {
    let count = state.withLock { state -> Int? in
      let new = request.questions.filter { state.pending[$0.key] == nil }
      let bytes = new.values.reduce(0) { $0 + $1.bytes.count }
      let waiting = state.pendingBytes.values.reduce(0, +)
      let limit = state.pendingBytes[request.namespace] == nil ? maximumPendingBytes : maximumPendingBytes / 2
      guard bytes == 0 || waiting + bytes <= limit else { return nil }
      if bytes > 0 { state.pendingBytes[request.namespace, default: 0] += bytes }
      state.lastRequest += 1
      state.open[state.lastRequest] = (request.questions.count, request.answered)
      for question in request.questions.keys { state.pending[question, default: []].append(state.lastRequest) }
      for (question, text) in new {
        state.line.append(Job(namespace: request.namespace, question: question, text: text), of: request.namespace)
      }
      return new.count
    }
    for _ in 0..<(count ?? 0) { long.async { self.doNext() } }
    return count != nil
  }

  private func doNext() {
    guard let job = state.withLock({ $0.line.removeFirst() }) else { return }
    answer(job.question, job.text)
    let answered = state.withLock { state in
      let left = state.pendingBytes[job.namespace, default: 0] - job.text.bytes.count
      state.pendingBytes[job.namespace] = left > 0 ? left : nil
      return (state.pending.removeValue(forKey: job.question) ?? []).compactMap { state.answered($0) }
    }
    for answered in answered { answered() }
  }

  private func answer(_ question: ScriptQuestion, _ text: ScriptText) {
    guard verdict(on: question) == nil else { return }
    let refusals = text.refusals(isTransaction: question.isTransaction)
    parsed.wrappingAdd(1, ordering: .relaxed)
    state.withLock { state in
      guard state.verdicts.updateValue(refusals, forKey: question) == nil else { return }
      state.order.append(question)
      guard state.order.count > Self.maximumRemembered else { return }
      for question in state.order.prefix(Self.maximumRemembered / 2) { state.verdicts[question] = nil }
      state.order.removeFirst(Self.maximumRemembered / 2)
    }
  }
}
