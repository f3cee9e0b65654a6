import CoreMetrics
package import PrometheusText

/// What an election records.
package struct LeaderElectionMetrics: Sendable {
  /// The metric families that the registry must be made with; otherwise the numbers are lost.
  package static let families = [
    MetricFamily(Name.leader, "1 where this replica leads, else 0.", .gauge),
    MetricFamily(Name.transitions, "How often this replica began to lead.", .counter),
  ]

  private enum Name {
    static let leader = "postern_leader"
    static let transitions = "postern_leader_transitions_total"
  }

  let leader: Meter
  let transitions: Counter

  /// Metrics that are recorded in a registry.
  package init(_ registry: PrometheusRegistry) {
    leader = Meter(label: Name.leader, dimensions: [], factory: registry)
    transitions = Counter(label: Name.transitions, dimensions: [], factory: registry)
    leader.set(0)
  }
}
