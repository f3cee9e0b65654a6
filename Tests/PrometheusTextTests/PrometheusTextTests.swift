import CoreMetrics
import PrometheusText
import Testing

@Suite struct PrometheusTextTests {
  private static let families = [
    MetricFamily("reviews_total", "Reviews by \"kind\".", .counter),
    MetricFamily("duration_seconds", "How long\nit took.", .histogram(bounds: [0.0001, 0.001])),
    MetricFamily("in_flight", "Now.", .gauge),
    MetricFamily("never_seen", "Nothing.", .counter),
  ]

  @Test func writesEveryFamilyThatHasANumberWithItsLabels() {
    let registry = PrometheusRegistry(Self.families)
    Counter(label: "reviews_total", dimensions: [("kind", "Pod"), ("decision", "patched")], factory: registry)
      .increment(by: 2)
    Counter(label: "reviews_total", dimensions: [("kind", "a\\b\"c\nd")], factory: registry).increment()
    Meter(label: "in_flight", dimensions: [], factory: registry).set(3)
    let timer = Timer(
      label: "duration_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: registry)
    for nanoseconds in [50_000, 100_000, 100_001, 2_000_000] { timer.recordNanoseconds(nanoseconds) }
    #expect(
      registry.text() == #"""
        # HELP reviews_total Reviews by "kind".
        # TYPE reviews_total counter
        reviews_total{kind="Pod",decision="patched"} 2
        reviews_total{kind="a\\b\"c\nd"} 1
        # HELP duration_seconds How long\nit took.
        # TYPE duration_seconds histogram
        duration_seconds_bucket{le="0.0001"} 2
        duration_seconds_bucket{le="0.001"} 3
        duration_seconds_bucket{le="+Inf"} 4
        duration_seconds_sum 0.002250001
        duration_seconds_count 4
        # HELP in_flight Now.
        # TYPE in_flight gauge
        in_flight 3

        """#)
  }

  @Test func theSameLabelsAreOneSeriesAndWhatIsNoFamilyGoesNowhere() {
    let registry = PrometheusRegistry(Self.families)
    for _ in 0..<2 { Counter(label: "reviews_total", dimensions: [("kind", "Pod")], factory: registry).increment() }
    Counter(label: "other_total", dimensions: [], factory: registry).increment()
    Meter(label: "duration_seconds", dimensions: [], factory: registry).set(1)
    Counter(label: "reviews_total", dimensions: [("kind", "Pod")], factory: registry).destroy()
    #expect(registry.text().hasSuffix("reviews_total{kind=\"Pod\"} 2\n"))
    #expect(!registry.text().contains("other_total"))
  }

  @Test func countsOfManyThreadsAddUp() async {
    let registry = PrometheusRegistry(Self.families)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          let counter = Counter(label: "reviews_total", dimensions: [], factory: registry)
          let timer = Timer(
            label: "duration_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: registry)
          for _ in 0..<1000 {
            counter.increment()
            timer.recordNanoseconds(1)
          }
        }
      }
    }
    #expect(registry.text().contains("reviews_total 8000\n"))
    #expect(registry.text().contains("duration_seconds_count 8000\n"))
  }
}
