/// One mistake or warning about a manifest.
struct Finding: Equatable {
  enum Severity: String {
    case error, warning
  }

  let severity: Severity
  let manifest: Manifest
  /// The place in the object, as in a `StatusCause`; empty if it is about the whole object.
  let field: String
  /// What is wrong and what to do. It can be read without the field.
  let message: String

  /// As kubectl prints a cause.
  var text: String { field.isEmpty ? message : "\(field): \(message)" }
}

/// A manifest that was checked, and what was found.
struct ReviewedManifest {
  let manifest: Manifest
  let findings: [Finding]
}
