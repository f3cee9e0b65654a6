/// What the rest of the process reports to the server at each probe and review. Each function must return at once.
package struct ServerHealth: Sendable {
  /// Whether everything that decisions depend on is loaded. Until then every review is answered with 503, and the
  /// server is not ready.
  package var canDecide: @Sendable () -> Bool
  /// Why requests should be sent elsewhere for now, one reason a line; empty: it is ready (`/readyz`).
  package var whyNotReady: @Sendable () -> [String]
  /// Why only a restart can help, one reason a line; empty: it is alive (`/healthz`).
  package var whyNotAlive: @Sendable () -> [String]

  /// A function that is left out reports that all is well.
  package init(
    canDecide: @escaping @Sendable () -> Bool = { true }, whyNotReady: @escaping @Sendable () -> [String] = { [] },
    whyNotAlive: @escaping @Sendable () -> [String] = { [] }
  ) {
    self.canDecide = canDecide
    self.whyNotReady = whyNotReady
    self.whyNotAlive = whyNotAlive
  }
}
