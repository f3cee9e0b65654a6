import CoreMetrics
package import PrometheusText

/// What the server measures.
package struct ServerMetrics: Sendable {
  /// The metric families that the registry must be made with; otherwise the numbers are lost.
  package static let families = [
    MetricFamily(Name.inFlight, "Requests whose answer is not made yet.", .gauge),
    MetricFamily(Name.connections, "Open connections of the webhook's port.", .gauge),
    MetricFamily(
      Name.refusedConnections, "Connections that were not served, as there were too many already.", .counter),
    MetricFamily(Name.displacedConnections, "Connections closed because a newcomer needed the place.", .counter),
    MetricFamily(Name.refusals, "Requests that the server itself refused, by HTTP status.", .counter),
    MetricFamily(Name.cutConnections, "Connections cut for what did not come in time.", .counter),
    MetricFamily(Name.largeReviewsWaiting, "Large reviews that wait for the one that is being decided.", .gauge),
    MetricFamily(
      Name.certificateExpiry, "When the certificate in use expires, in seconds since 1970.", .gauge),
    MetricFamily(
      Name.reloadFailures, "Changes of the certificate or key that could not be used; the old pair stayed.", .counter),
  ]

  private enum Name {
    static let inFlight = "postern_http_requests_in_flight"
    static let connections = "postern_http_connections"
    static let refusedConnections = "postern_http_connections_refused_total"
    static let displacedConnections = "postern_http_connections_displaced_total"
    static let refusals = "postern_http_refusals_total"
    static let cutConnections = "postern_http_connections_cut_total"
    static let largeReviewsWaiting = "postern_http_large_reviews_waiting"
    static let certificateExpiry = "postern_certificate_expiry_timestamp_seconds"
    static let reloadFailures = "postern_certificate_reload_failures_total"
  }

  let inFlight: Meter
  let connections: Meter
  let refusedConnections: Counter
  let displaced: Counter
  let largeReviewsWaiting: Meter
  let reloadFailures: Counter
  private let registry: PrometheusRegistry

  /// Metrics that are recorded in a registry.
  package init(_ registry: PrometheusRegistry) {
    self.registry = registry
    inFlight = Meter(label: Name.inFlight, dimensions: [], factory: registry)
    connections = Meter(label: Name.connections, dimensions: [], factory: registry)
    refusedConnections = Counter(label: Name.refusedConnections, dimensions: [], factory: registry)
    displaced = Counter(label: Name.displacedConnections, dimensions: [], factory: registry)
    largeReviewsWaiting = Meter(label: Name.largeReviewsWaiting, dimensions: [], factory: registry)
    reloadFailures = Counter(label: Name.reloadFailures, dimensions: [], factory: registry)
  }

  /// Notes when the certificate in use expires, in seconds since 1970. Where none is served, as in a controller alone, the
  /// metric is not there: an alert would take 0 for a certificate that ended long ago.
  func certificateExpires(at seconds: Int) {
    Meter(label: Name.certificateExpiry, dimensions: [], factory: registry).set(seconds)
  }

  /// Counts a request that was refused before it reached the webhook.
  func refused(status: Int) {
    Counter(label: Name.refusals, dimensions: [("code", String(status))], factory: registry).increment()
  }

  /// Counts a connection that was cut because the awaited event did not come.
  func cut(waitingFor subject: String) {
    Counter(label: Name.cutConnections, dimensions: [("waiting_for", subject)], factory: registry).increment()
  }

  /// All numbers, as `/metrics` answers.
  func text() -> String { registry.text() }
}
