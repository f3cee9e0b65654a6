/// A workload or bare Pod that says what a customer's instance in its namespace holds. There is to be one.
public struct DeclaringObject: Hashable, Sendable {
  /// `Deployment`, `StatefulSet` or `Pod`.
  public var kind: String
  /// `metadata.name`
  public var name: String

  /// The object of this kind and name.
  public init(kind: String, name: String) {
    self.kind = kind
    self.name = name
  }

  var text: String { "\(kind) \"\(name)\"" }
}
