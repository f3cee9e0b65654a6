/// How a ``Controller`` restarts applications' Pods after a turn of their password. It needs the right to evict Pods.
package struct RestartSettings: Sendable {
  /// How many seconds after a turn the first Pod is evicted. By then every kubelet has the new Secret. Twice the margin, so
  /// that a node's clock that is behind by no more than that cannot make a new Pod look like one that has missed the turn.
  package var settleSeconds = 2 * Restarts.Turn.margin
  /// Between two looks at a namespace where Pods are being restarted.
  package var interval: Duration = .seconds(5)
  /// Where nothing has moved for ``heldFor``.
  package var seldom: Duration = .seconds(60)
  /// For how long a workload may make no progress before an Event says why.
  package var heldFor: Duration = .seconds(300)
  /// Between two looks, at whichever namespaces, and after each eviction.
  package var pause: Duration = .milliseconds(100)
  /// A look that takes longer holds up those at other namespaces no more.
  package var patience: Duration = .seconds(1)
  /// In a look that takes longer, no more Pods are evicted.
  package var maximumLook: Duration = .seconds(30)

  /// The defaults.
  package init() {}
}
