import KubernetesClient

/// How long a leader leads without a renewal, and how often it renews.
package struct LeaderElectionTiming: Sendable {
  /// After seeing the Lease unchanged for this long, others take it. The Lease states it in whole seconds, rounded up.
  package var leaseDuration: Duration = .seconds(12)
  /// How often the leader renews the Lease, and how often others read it.
  package var renewInterval: Duration = .seconds(2)
  /// How long a leader still leads after it began its last successful renewal. It is less than ``leaseDuration``, so
  /// that requests sent until then are over before another replica leads.
  package var renewDeadline: Duration = .seconds(8)

  /// 12 s, 2 s and 8 s: another replica leads within 15 s of the loss of the leader.
  package init() {}

  /// How long a leader's request may take. A request that begins while this replica leads is then over before another
  /// one leads.
  package var writeTimeout: Duration { leaseDuration - renewDeadline }

  /// Settings of the client that renews: one try at a time, which takes at most three quarters of ``writeTimeout``.
  var clientSettings: ClientSettings {
    var settings = ClientSettings()
    settings.requestTimeout = writeTimeout * 3 / 4
    settings.connectTimeout = writeTimeout / 2
    settings.maximumTries = 1
    return settings
  }
}
