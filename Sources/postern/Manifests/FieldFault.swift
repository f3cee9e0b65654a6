/// A field of a manifest that Kubernetes would not take.
struct FieldFault: Equatable {
  /// Its place in the object.
  let field: String
  /// What is wrong and what to do; nothing of what the field holds.
  let message: String

  /// Whether kubectl refuses it itself, before it asks a cluster.
  var isMetadata: Bool { field.hasPrefix("metadata.") }
}
