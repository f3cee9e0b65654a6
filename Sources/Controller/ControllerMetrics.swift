package import CoreMetrics
package import PrometheusText

/// What the controller records of its work.
package struct ControllerMetrics: Sendable {
  /// The metric families that the registry must be made with; otherwise the numbers are lost.
  package static let families = [
    MetricFamily(
      Name.reconciles,
      "Passes over an instance: changed something, unchanged, error (it is tried again), waiting and crowded (scripts "
        + "are being checked, or wait for it), stopped (no longer leading).",
      .counter),
    MetricFamily(
      Name.duration, "How long they took.",
      .histogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])),
    MetricFamily(Name.depth, "Instances that wait for a pass.", .gauge),
    MetricFamily(
      Name.instances, "Instances, while leading: complete, incomplete, invalid, conflict, failed.", .gauge),
  ]

  private enum Name {
    static let reconciles = "postern_reconciles_total"
    static let duration = "postern_reconcile_duration_seconds"
    static let depth = "postern_work_queue_depth"
    static let instances = "postern_instances"
  }

  private let factory: any MetricsFactory
  private let depth: Meter

  /// Metrics that are recorded by a registry or another factory.
  package init(_ factory: any MetricsFactory) {
    self.factory = factory
    depth = Meter(label: Name.depth, dimensions: [], factory: factory)
  }

  func record(_ outcome: PassOutcome, took duration: Duration) {
    Counter(label: Name.reconciles, dimensions: [("result", outcome.rawValue)], factory: factory).increment()
    let (seconds, attoseconds) = duration.components
    Timer(label: Name.duration, dimensions: [], preferredDisplayUnit: .seconds, factory: factory)
      .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func set(depth: Int) { self.depth.set(depth) }

  func set(_ instances: [CustomerKey: Customer.State]) {
    for state in Customer.State.allCases {
      Meter(label: Name.instances, dimensions: [("state", state.rawValue)], factory: factory)
        .set(instances.values.count { $0 == state })
    }
  }
}
