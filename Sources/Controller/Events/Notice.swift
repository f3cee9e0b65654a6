import Instances
import Logging
import TextEncoding

/// A message about an object, to be sent as an Event.
struct Notice: Hashable, Sendable {
  enum Reason: String, Sendable {
    /// Postgres has everything that is declared.
    case provisioned = "Provisioned"
    /// Postgres refuses a part of it.
    case provisioningFailed = "ProvisioningFailed"
    case objectsWritten = "ObjectsWritten"
    case invalidDeclaration = "InvalidDeclaration"
    case conflict = "Conflict"
    case noService = "NoService"
    case notInjected = "NotInjected"
    case missingReference = "MissingReference"
    case failed = "Failed"
    /// Applications are told of another login.
    case rotated = "Rotated"
    /// A password should have turned, and waits.
    case rotationHeld = "RotationHeld"
    /// An application's Pod still has the login of before.
    case staleConnection = "StaleConnection"
    /// An application's Pod was evicted, because it had that login.
    case restarted = "Restarted"
    /// It should be, and is not.
    case restartHeld = "RestartHeld"
    case sidecarUpdated = "SidecarUpdated"
    /// A Pod was not ready again after an update, and no others are updated for now.
    case sidecarUpdateStopped = "SidecarUpdateStopped"

    /// `type` of the Event.
    var type: String {
      switch self {
      case .provisioned, .objectsWritten, .sidecarUpdated, .rotated, .restarted: "Normal"
      default: "Warning"
      }
    }

    /// Whether it says that something declared is not carried out, for as long as it is so.
    var isOfDeclaration: Bool {
      switch self {
      case .invalidDeclaration, .missingReference, .conflict, .noService, .notInjected: true
      default: false
      }
    }

    /// Whether each pass says it, for as long as it is so.
    var lasts: Bool { isOfDeclaration || [.failed, .rotationHeld, .staleConnection].contains(self) }

    /// Whether it reports a change of state. Then it is sent at every change, however often that is.
    var isOfAChange: Bool { self == .provisioned || self == .provisioningFailed }
  }

  let reason: Reason
  let apiVersion: String
  let kind: String
  let name: String
  let uid: String
  let namespace: String
  /// The text for people, without passwords or text of a Secret.
  let message: String

  /// The API server refuses longer messages (`events` validation), so they are truncated.
  static let maximumMessageBytes = 1024

  init(_ reason: Reason, of object: Instance.Workload, in namespace: String, _ message: String) {
    self.reason = reason
    apiVersion = object.apiVersion
    kind = object.kind
    name = object.name
    uid = object.uid ?? ""
    self.namespace = namespace
    self.message = message.cut(to: Self.maximumMessageBytes)
  }

  init(_ problem: InstanceProblem, of object: Instance.Workload, in namespace: String) {
    let reason: Reason =
      switch problem.reason {
      case .missingReference: .missingReference
      case .invalidDeclaration: .invalidDeclaration
      case .conflict: .conflict
      }
    self.init(reason, of: object, in: namespace, problem.message)
  }

  /// The same in a line of the log.
  var metadata: Logger.Metadata {
    ["reason": "\(reason.rawValue)", "object": "\(kind) \(namespace)/\(name)", "message": "\(message)"]
  }
}
