/// Conditions of Pods that Postern writes.
package enum PodCondition {
  /// Whether Postgres holds what is declared.
  package static let provisioned = "postern.io/Provisioned"
}
