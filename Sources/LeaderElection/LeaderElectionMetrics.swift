import CoreMetrics
package import PrometheusText

/// What an election counts.
package struct LeaderElectionMetrics: Sendable {
  /// What a registry must have, so that the numbers go somewhere.
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

  /// Numbers that go into a registry.
  package init(_ registry: PrometheusRegistry) {
    leader = Meter(label: Name.leader, dimensions: [], factory: registry)
    transitions = Counter(label: Name.transitions, dimensions: [], factory: registry)
    leader.set(0)
  }
}
