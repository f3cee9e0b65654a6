import KubernetesClient

/// How long a leader leads without a word, and how often it speaks.
package struct LeaderElectionTiming: Sendable {
  /// How long others wait from when they last saw the Lease change until they take it. The Lease says it in whole
  /// seconds, rounded up.
  package var leaseDuration: Duration = .seconds(12)
  /// How often the leader renews it, and how often others look at it.
  package var renewInterval: Duration = .seconds(2)
  /// How long after it began its last renewal that succeeded a leader still leads; less than ``leaseDuration``, so that
  /// what it has sent by then is over before another leads.
  package var renewDeadline: Duration = .seconds(8)

  /// 12 s, 2 s and 8 s: another leads within 15 s of a lost leader.
  package init() {}

  /// What a leader's request may take so that, begun while it leads, it is over before another does.
  package var writeTimeout: Duration { leaseDuration - renewDeadline }

  /// Of the client that renews: one try at a time, over in three quarters of ``writeTimeout``.
  var clientSettings: ClientSettings {
    var settings = ClientSettings()
    settings.requestTimeout = writeTimeout * 3 / 4
    settings.connectTimeout = writeTimeout / 2
    settings.maximumTries = 1
    return settings
  }
}
