/// The sidecar's HTTP port, at which the kubelet, the controller and Prometheus read its status.
package enum StatusPort {
  /// The default number.
  package static let number = 8432
  /// The numbers that webhook-config's NetworkPolicy allows the controller to reach. There are several, for Pods in
  /// which ``number`` is already in use.
  package static let range = 8432...8447
  /// The port's name in the Pod.
  package static let name = "postern"
  /// The value that stands for no port.
  package static let none = "none"

  /// Whether the instance is ready.
  package static let readyPath = "/readyz"
  /// Metrics for Prometheus.
  package static let metricsPath = "/metrics"
  /// The whole status, for clients with the token.
  package static let statusPath = "/status"
  /// A shorter token is never accepted.
  package static let minimumTokenBytes = 16
}
