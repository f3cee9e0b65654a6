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
      Name.instances,
      "Instances, while leading: provisioned (Postgres holds what is declared), failing, pending, unreachable, uninjected "
        + "(a running Pod has no sidecar); incomplete, "
        + "invalid, conflict, failed (not all of it could be written).", .gauge),
    MetricFamily(
      Name.provisioned, "Whether the Postgres of all of an instance's Pods holds what is declared, while leading.",
      .gauge),
    MetricFamily(
      Name.sidecars,
      "Sidecars of running Pods, while leading: current, outdated (to be updated), updating, waiting (for the Pod's next "
        + "start), failed (not ready after an update).", .gauge),
    MetricFamily(
      Name.stopped, "1 while no sidecars are updated because Pods were not ready again after an update.", .gauge),
  ]

  private enum Name {
    static let reconciles = "postern_reconciles_total"
    static let duration = "postern_reconcile_duration_seconds"
    static let depth = "postern_work_queue_depth"
    static let instances = "postern_instances"
    static let provisioned = "postern_instance_provisioned"
    static let sidecars = "postern_sidecars"
    static let stopped = "postern_sidecar_update_stopped"
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

  /// Records how many instances there are in each state.
  func set(_ counts: [String: Int]) {
    for word in InstanceRecords.words {
      Meter(label: Name.instances, dimensions: [("state", word)], factory: factory).set(counts[word] ?? 0)
    }
  }

  /// Records how many sidecars there are of each kind, and whether updates have stopped; nil where this is not known.
  func set(_ counts: [SidecarUpdates.Word: Int]?, isStopped: Bool) {
    for word in SidecarUpdates.Word.allCases {
      Meter(label: Name.sidecars, dimensions: [("state", word.rawValue)], factory: factory).set(counts?[word] ?? 0)
    }
    Meter(label: Name.stopped, dimensions: [], factory: factory).set(isStopped ? 1 : 0)
  }

  /// Records what the Pods of an instance have; nil where there are none.
  func set(_ found: Provisioned.Reason?, of key: CustomerKey) {
    let dimensions = [("namespace", key.namespace), ("customer", key.customer)]
    let meter = Meter(label: Name.provisioned, dimensions: dimensions, factory: factory)
    guard let found else { return meter.destroy() }
    meter.set(found == .converged || found == .standby ? 1 : 0)
  }
}
