/// The conditions of Pods that Postern writes.
package enum PodCondition {
  /// Whether Postgres has everything that is declared.
  package static let provisioned = "postern.io/Provisioned"
}
