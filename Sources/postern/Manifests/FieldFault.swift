/// A field of a manifest that Kubernetes would not accept.
struct FieldFault: Equatable {
  /// Its place in the object.
  let field: String
  /// What is wrong and what to do. It does not show the field's value.
  let message: String

  /// Whether kubectl itself refuses it, before it calls a cluster.
  var isMetadata: Bool { field.hasPrefix("metadata.") }
}
