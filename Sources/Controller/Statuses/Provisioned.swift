import Contract
import JSONBytes
import TextEncoding

/// How much of the declaration a Pod's Postgres has: the Pod's condition ``type``.
struct Provisioned: Equatable, Sendable {
  /// `type` of the condition.
  static let type = PodCondition.provisioned

  enum Status: String, Sendable {
    case yes = "True"
    case no = "False"
    case unknown = "Unknown"
  }

  enum Reason: String, Sendable, CaseIterable {
    /// Postgres has all of it.
    case converged = "Converged"
    /// Postgres refuses a part of it. It is tried again.
    case failing = "Failing"
    /// It is not applied yet.
    case pending = "Pending"
    /// It is a standby, which gets its contents from its primary.
    case standby = "Standby"
    /// The sidecar does not answer.
    case unreachable = "Unreachable"
    /// The Pod has no sidecar. No condition says so.
    case notInjected = "NotInjected"
  }

  var reason: Reason
  var message: String

  var status: Status {
    switch reason {
    case .converged, .standby: .yes
    case .failing, .pending, .notInjected: .no
    case .unreachable: .unknown
    }
  }

  init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  /// The state that follows from an answer and what is expected.
  init(_ status: InstanceStatus, _ expected: Expectation) {
    let about = expected.about
    guard status.outcome != .standby else {
      self.init(.standby, "\(about): Postgres is a standby, and has what its primary has")
      return
    }
    let isTried = status.triedSpecHash == expected.specHash && status.triedGeneration == expected.generation
    switch status.outcome {
    case .converged where isTried && status.running == nil:
      self.init(.converged, "\(about): \(expected.summary)")
    case .incomplete where isTried && status.running == nil && !status.failures.isEmpty:
      let more = status.moreFailures > 0 ? "; and \(status.moreFailures) more" : ""
      self.init(.failing, "\(about): \(status.failures.joined(separator: "; "))\(more)")
    default:
      let why = status.running ?? status.message ?? "not applied yet"
      let failing = status.running != nil ? status.failures.map { "; \($0)" }.joined() : ""
      self.init(.pending, "\(about): \(why)\(failing)")
    }
  }

  /// A strategic merge patch that sets this condition and no other.
  /// - Parameters:
  ///   - uid: the UID of the Pod.
  ///   - isChange: whether ``status`` had another value before.
  func patch(uid: String, isChange: Bool, at time: String) -> JSONValue {
    let condition = JSONValue.members([
      ("type", .string(Self.type)), ("status", .string(status.rawValue)), ("reason", .string(reason.rawValue)),
      ("message", .string(message.cut(to: Notice.maximumMessageBytes))), ("lastProbeTime", .string(time)),
      ("lastTransitionTime", isChange ? .string(time) : nil),
    ])
    return .members([
      ("metadata", .members([("uid", .string(uid))])), ("status", .members([("conditions", .array([condition]))])),
    ])
  }

  /// Whether a Pod's condition already has this state.
  func isSaid(by condition: ObservedPod.Condition?) -> Bool {
    condition?.reason == reason.rawValue && condition?.message == message.cut(to: Notice.maximumMessageBytes)
  }
}
