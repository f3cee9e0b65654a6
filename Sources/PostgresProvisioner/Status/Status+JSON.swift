import Contract
import DatabaseSpec
import JSONBytes
import Provisioning
import TextEncoding

extension Status {
  /// The bytes of the status file: one JSON object. Unknown values are left out. What `postern-sidecar ready` prints of it
  /// is in Kubernetes' Events, so no message contains a word that may come from a script or from a function of somebody
  /// else.
  package func encoded() -> [UInt8] {
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    write(&writer, problems.map { $0.withoutRows })
    writer.endObject()
    return writer.bytes
  }

  /// How many problems an answer over the network contains, failures first. This limits the memory that an answer needs
  /// during a pass.
  private static let toldProblems = 20
  private static let toldLogins = 100

  /// The same for readers outside of the Pod.
  /// - Parameter time: the sidecar's time, as in RFC 3339.
  package func encodedForNetwork(time: String) -> [UInt8] {
    let failures = problems.filter { $0.isFailure }
    let sorted = failures + problems.filter { !$0.isFailure }
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    writer.member(StatusKey.version, Release.version)
    writer.member(StatusKey.time, time)
    var told = self
    // Who has more to tell of tells nothing: then no password turns.
    if let logins, logins.held.count > Self.toldLogins { told.logins = nil }
    told.write(&writer, sorted.prefix(Self.toldProblems).map { $0.forNetwork })
    if sorted.count > Self.toldProblems { writer.member(StatusKey.moreProblems, sorted.count - Self.toldProblems) }
    writer.endObject()
    return writer.bytes
  }

  private func write(_ writer: inout JSONWriter, _ problems: [ItemProblem]) {
    writer.member(StatusKey.apiVersion, InstanceSpec.apiVersion)
    if let customer { writer.member(StatusKey.customer, customer) }
    writer.member(StatusKey.ready, isReady)
    writer.member(StatusKey.outcome, outcome.rawValue)
    if let message { writer.member(StatusKey.message, message) }
    if let specHash { writer.member(StatusKey.specHash, specHash) }
    if let tried {
      writer.member(StatusKey.triedSpecHash, tried.specHash)
      if let generation = tried.generation { writer.member(StatusKey.triedGeneration, generation) }
    }
    if let logins {
      writer.key(StatusKey.logins)
      writer.beginObject()
      writer.member(StatusKey.generation, logins.generation)
      writer.key(StatusKey.held)
      writer.beginArray()
      for user in logins.held { writer.string(user) }
      writer.endArray()
      writer.endObject()
    }
    if let appliedAt { writer.member(StatusKey.appliedAt, appliedAt) }
    if let postgresStart { writer.member(StatusKey.postgresStart, postgresStart) }
    if let convergedStart { writer.member(StatusKey.convergedStart, convergedStart) }
    if let running {
      writer.key(StatusKey.running)
      writer.beginObject()
      writer.member(StatusKey.item, running.item)
      writer.member(StatusKey.since, running.since)
      if let waitsFor = running.waitsFor { writer.member(StatusKey.waitsFor, waitsFor) }
      writer.endObject()
    }
    writer.key(StatusKey.problems)
    writer.beginArray()
    for problem in problems {
      writer.beginObject()
      writer.member(StatusKey.item, problem.item)
      writer.member(StatusKey.message, problem.message)
      if let sqlState = problem.sqlState { writer.member(StatusKey.sqlState, sqlState) }
      if let hint = problem.hint { writer.member(StatusKey.hint, hint) }
      writer.member(StatusKey.failure, problem.isFailure)
      writer.endObject()
    }
    writer.endArray()
  }

  /// Reads what ``encoded()`` wrote; nil where the bytes are something else.
  package init?(decoding bytes: [UInt8]) {
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue(parsing: bytes) } catch { return nil }
    guard root[StatusKey.apiVersion]?.string == InstanceSpec.apiVersion,
      case .bool(let isReady)? = root[StatusKey.ready],
      let outcome = root[StatusKey.outcome]?.string.flatMap(Outcome.init(rawValue:)),
      let problems = root[StatusKey.problems]?.array
    else { return nil }
    self.init(
      customer: root[StatusKey.customer]?.string, isReady: isReady, outcome: outcome,
      message: root[StatusKey.message]?.string,
      specHash: root[StatusKey.specHash]?.string, appliedAt: root[StatusKey.appliedAt]?.string,
      postgresStart: root[StatusKey.postgresStart]?.string, convergedStart: root[StatusKey.convergedStart]?.string,
      problems: problems.map { problem in
        ItemProblem(
          item: problem[StatusKey.item]?.string ?? "", message: problem[StatusKey.message]?.string ?? "",
          sqlState: problem[StatusKey.sqlState]?.string, hint: problem[StatusKey.hint]?.string,
          isFailure: problem[StatusKey.failure] != .bool(false))
      },
      running: root[StatusKey.running].map { running in
        RunningScript(
          item: running[StatusKey.item]?.string ?? "", since: running[StatusKey.since]?.string ?? "",
          waitsFor: running[StatusKey.waitsFor]?.string)
      },
      tried: root[StatusKey.triedSpecHash]?.string.map {
        Tried(specHash: $0, generation: root[StatusKey.triedGeneration]?.string)
      })
    logins = root[StatusKey.logins].flatMap { logins in
      logins[StatusKey.generation]?.string.map {
        Logins(generation: $0, held: (logins[StatusKey.held]?.array ?? []).compactMap { $0.string })
      }
    }
  }
}

extension ItemProblem {
  /// Longer messages are truncated.
  private static let maximumBytes = 1000

  /// The problem without words that may come from a script or from rows.
  fileprivate var withoutRows: ItemProblem {
    guard let told else { return self }
    var problem = self
    problem.message = told.message
    problem.hint = told.hint
    return problem
  }

  /// The problem for readers outside of the Pod.
  fileprivate var forNetwork: ItemProblem {
    var problem = withoutRows
    problem.message = problem.message.cut(to: Self.maximumBytes)
    problem.hint = problem.hint?.cut(to: Self.maximumBytes)
    return problem
  }
}
