import KubernetesAPI

/// What is wrong with a request, and what is worth a word. Findings of parts add up.
struct Findings {
  /// All that is wrong: where there is something, the request is denied.
  var causes: [StatusCause] = []
  /// What is said to whoever sent it.
  var warnings: [String] = []

  /// Whether nothing is wrong.
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
