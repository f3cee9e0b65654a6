import KubernetesAPI

/// The errors and the warnings about a request. Findings of parts can be added.
struct Findings {
  /// All errors. If there is one, the request is denied.
  var causes: [StatusCause] = []
  /// The warnings that the client gets.
  var warnings: [String] = []

  /// Whether there are no errors.
  var isSound: Bool { causes.isEmpty }

  mutating func refuse(_ field: String, _ message: String, _ reason: StatusCause.Reason = .valueInvalid) {
    causes.append(StatusCause(reason, field: field, message: message))
  }

  mutating func warn(_ message: String) {
    warnings.append(message)
  }

  static func += (left: inout Self, right: Self) {
    left.causes += right.causes
    left.warnings += right.warnings
  }
}
