/// A workload or bare Pod that declares what a customer's instance in its namespace holds. There must be only one.
package struct DeclaringObject: Hashable, Sendable {
  /// `Deployment`, `StatefulSet` or `Pod`.
  package var kind: String
  /// `metadata.name`
  package var name: String

  /// The object of this kind and name.
  package init(kind: String, name: String) {
    self.kind = kind
    self.name = name
  }

  var text: String { "\(kind) \"\(name)\"" }
}
