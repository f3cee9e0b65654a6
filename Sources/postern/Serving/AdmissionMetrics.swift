import Admission
import Contract
import CoreMetrics
import PrometheusText
import Synchronization

/// Counts reviews.
final class AdmissionMetrics: Sendable {
  /// The families that the registry must be made with.
  static let families = [
    MetricFamily(
      "postern_admission_reviews_total", "Reviews answered, by kind, operation and decision.", .counter),
    MetricFamily(
      "postern_admission_duration_seconds", "How long it took to decide a review.",
      .histogram(bounds: [50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 100e-3, 500e-3, 1])),
    MetricFamily("postern_build_info", "1, with the version.", .gauge),
  ]

  private struct Key: Hashable {
    let path: AdmissionPath
    let kind: String
    let operation: String
    let decision: ReviewRecord.Outcome
  }

  /// All other kinds are counted together, so that a client cannot create any number of series.
  private static let kinds: Set = [
    "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Secret", "ConfigMap",
  ]

  private let registry: PrometheusRegistry
  private let duration: Timer
  private let counters = Mutex<[Key: Counter]>([:])

  init(_ registry: PrometheusRegistry) {
    self.registry = registry
    duration = Timer(
      label: "postern_admission_duration_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: registry)
    Meter(label: "postern_build_info", dimensions: [("version", Release.version)], factory: registry).set(1)
  }

  /// Counts a review that was answered.
  func count(_ record: ReviewRecord, at path: AdmissionPath, took: Duration) {
    duration.recordNanoseconds(took.components.seconds * 1_000_000_000 + took.components.attoseconds / 1_000_000_000)
    let key = Key(
      path: path, kind: Self.kinds.contains(record.kind) ? record.kind : "other", operation: record.operation,
      decision: record.decision)
    let counter = counters.withLock { counters in
      if let counter = counters[key] { return counter }
      let counter = Counter(
        label: "postern_admission_reviews_total",
        dimensions: [
          ("path", key.path.rawValue), ("kind", key.kind), ("operation", key.operation),
          ("decision", key.decision.rawValue),
        ], factory: registry)
      counters[key] = counter
      return counter
    }
    counter.increment()
  }
}
