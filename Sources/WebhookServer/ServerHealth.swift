/// What the server is told of the rest of the process, whenever a probe or a review asks. Each must answer at once.
package struct ServerHealth: Sendable {
  /// Whether there is all that reviews are decided by. Until then each is answered 503, and the server is not ready.
  package var canDecide: @Sendable () -> Bool
  /// Why nothing should be sent here for now, a line each; empty: it is ready (`/readyz`).
  package var whyNotReady: @Sendable () -> [String]
  /// Why only a new start can help, a line each; empty: it is alive (`/healthz`).
  package var whyNotAlive: @Sendable () -> [String]

  /// What is not given is well.
  package init(
    canDecide: @escaping @Sendable () -> Bool = { true }, whyNotReady: @escaping @Sendable () -> [String] = { [] },
    whyNotAlive: @escaping @Sendable () -> [String] = { [] }
  ) {
    self.canDecide = canDecide
    self.whyNotReady = whyNotReady
    self.whyNotAlive = whyNotAlive
  }
}
