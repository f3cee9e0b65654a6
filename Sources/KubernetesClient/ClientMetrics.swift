package import CoreMetrics
package import PrometheusText

/// What a client records of its requests. Each try counts as one.
package struct ClientMetrics: Sendable {
  /// The metric families that the registry must be made with; otherwise the numbers are lost.
  package static let families = [
    MetricFamily(
      Name.requests, "Requests to the API server by verb, resource and HTTP status, or `none` without an answer.",
      .counter),
    MetricFamily(
      Name.duration, "How long they took, but for watches.",
      .histogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])),
    MetricFamily(
      Name.watchWorked, "When the resource's watch last worked, in seconds since 1970; the oldest of several.", .gauge),
    MetricFamily(Name.skipped, "Objects of lists and watches that could not be read.", .counter),
  ]

  private enum Name {
    static let requests = "postern_kubernetes_requests_total"
    static let duration = "postern_kubernetes_request_duration_seconds"
    static let watchWorked = "postern_watch_last_success_timestamp_seconds"
    static let skipped = "postern_watch_items_skipped_total"
  }

  private let factory: any MetricsFactory

  /// Metrics that are recorded by a registry or another factory.
  package init(_ factory: any MetricsFactory) { self.factory = factory }

  func record(verb: String, resource: String, code: Int?, took duration: Duration?) {
    let labels = [("verb", verb), ("resource", resource)]
    let code = code.map { String($0) } ?? "none"
    Counter(label: Name.requests, dimensions: labels + [("code", code)], factory: factory).increment()
    guard let duration else { return }
    let (seconds, attoseconds) = duration.components
    Timer(label: Name.duration, dimensions: labels, preferredDisplayUnit: .seconds, factory: factory)
      .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func watchWorked(_ resource: String, at seconds: Int) {
    Meter(label: Name.watchWorked, dimensions: [("resource", resource)], factory: factory).set(Double(seconds))
  }

  /// No watch of the resource is wanted any more, so that none can have stalled.
  func watchesEnded(_ resource: String) {
    Meter(label: Name.watchWorked, dimensions: [("resource", resource)], factory: factory).destroy()
  }

  func skipped(_ resource: String) {
    Counter(label: Name.skipped, dimensions: [("resource", resource)], factory: factory).increment()
  }
}
