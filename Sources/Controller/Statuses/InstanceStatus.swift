import Contract
import DatabaseSpec
import JSONBytes
import TextEncoding

/// A sidecar's report about its instance. Any container in the Pod may have written it, so the parts that are kept are
/// limited, and shown on one line.
struct InstanceStatus: Equatable, Sendable {
  /// The sidecar's outcome, in its own words (`PostgresProvisioner.Status.Outcome`).
  enum Outcome: String, CaseIterable, Sendable {
    case waitingForPostgres, waitingForFiles, converged, incomplete, standby, interrupted
  }

  var outcome: Outcome
  /// The files that the last pass used.
  var triedSpecHash: String?
  var triedGeneration: String?
  var message: String?
  /// The script that is running, for people.
  var running: String?
  /// The items that failed, one line each.
  var failures: [String] = []
  /// How many more items failed.
  var moreFailures = 0
  /// The logins of users whose passwords turn.
  var logins: Logins?
  /// The sidecar's time when it answered.
  var time: Timestamp?

  /// As the sidecar tells of them.
  struct Logins: Equatable, Sendable {
    var generation: String
    var held: Set<String>
  }

  /// More bytes than any status has.
  static let maximumBytes = 256 << 10

  /// Nil where the bytes are not a status.
  init?(decoding bytes: [UInt8]) {
    guard bytes.count <= Self.maximumBytes, let root = try? JSONValue(parsing: bytes),
      root[StatusKey.apiVersion]?.string == VolumeLayout.apiVersion,
      let outcome = root[StatusKey.outcome]?.string.flatMap(Outcome.init(rawValue:))
    else { return nil }
    self.outcome = outcome
    triedSpecHash = root[StatusKey.triedSpecHash]?.string
    triedGeneration = root[StatusKey.triedGeneration]?.string
    logins = root[StatusKey.logins].flatMap { logins in
      logins[StatusKey.generation]?.string.map {
        Logins(generation: $0, held: Set((logins[StatusKey.held]?.array ?? []).compactMap(\.string)))
      }
    }
    time = root[StatusKey.time]?.string.flatMap { Timestamp(rfc3339: $0) }
    message = root[StatusKey.message]?.string.map { Self.line($0) }
    if let script = root[StatusKey.running], let item = script[StatusKey.item]?.string {
      running =
        "\(Self.line(item)) has been running since \(Self.line(script[StatusKey.since]?.string ?? ""))"
        + (script[StatusKey.waitsFor]?.string.map { ", and waits for a lock that is held by \(Self.line($0))" } ?? "")
    }
    for problem in root[StatusKey.problems]?.array ?? [] where problem[StatusKey.failure] != .bool(false) {
      guard failures.count < Self.keptFailures else {
        moreFailures += 1
        continue
      }
      let hint = problem[StatusKey.hint]?.string.map { "; \($0)" } ?? ""
      failures.append(
        Self.line("\(problem[StatusKey.item]?.string ?? ""): \(problem[StatusKey.message]?.string ?? "")\(hint)"))
    }
    if let more = root[StatusKey.moreProblems]?.integer, more > 0 {
      moreFailures += min(more, 1_000_000)
    }
  }

  /// How many failures are shown one by one.
  static let keptFailures = 5
  private static let maximumLineBytes = 600

  private static func line(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.cut(to: maximumLineBytes).unicodeScalars {
      line.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return String(line)
  }
}
