/// The conditions of Pods that Postern writes or reads.
package enum PodCondition {
  /// Whether Postgres has everything that is declared.
  package static let provisioned = "postern.io/Provisioned"
  /// Whether all of the Pod's containers are ready. The kubelet writes it.
  package static let ready = "Ready"
}
