/// One thing that a review has to say of a manifest.
struct Finding: Equatable {
  enum Severity: String {
    case error, warning
  }

  let severity: Severity
  let manifest: Manifest
  /// The place in the object, as in a `StatusCause`; empty where there is none.
  let field: String
  /// What is wrong and what to do; stands alone.
  let message: String

  /// As kubectl prints a cause.
  var text: String { field.isEmpty ? message : "\(field): \(message)" }
}
