/// The sidecar's HTTP port, where the kubelet, the controller and Prometheus ask how things stand.
package enum StatusPort {
  /// The number where nobody says another one.
  package static let number = 8432
  /// The numbers that the controller may be let reach by the NetworkPolicy of webhook-config: some more, for Pods in which
  /// ``number`` is taken.
  package static let range = 8432...8447
  /// The port's name in the Pod.
  package static let name = "postern"
  /// What is said instead of a number where there is to be no port.
  package static let none = "none"

  /// Whether the instance is ready.
  package static let readyPath = "/readyz"
  /// Numbers for Prometheus.
  package static let metricsPath = "/metrics"
  /// The whole status, for those who bear the token.
  package static let statusPath = "/status"
  /// No shorter token opens anything.
  package static let minimumTokenBytes = 16
}
