/// The label that marks an object as Postern's.
package enum ObjectLabel {
  /// The label that names what manages an object (Kubernetes docs, "Recommended Labels").
  package static let managedBy = "app.kubernetes.io/managed-by"
  /// Its value. Also the field manager of every write, and the component that Events name as their source.
  package static let manager = "postern"
}
