/// What marks an object as Postern's.
package enum ObjectLabel {
  /// The label that names what manages an object (Kubernetes docs, "Recommended Labels").
  package static let managedBy = "app.kubernetes.io/managed-by"
  /// Its value; also the field manager of every write, and the component that Events come from.
  package static let manager = "postern"
}
