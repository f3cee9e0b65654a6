import Logging

/// What the connections of one port serve, and the objects that they need for it.
struct Service: Sendable {
  let port: Request.Port
  let configuration: ServerConfiguration
  let state: ServerState
  let logger: Logger
  let metrics: ServerMetrics
  let health: ServerHealth
  let hasCertificate: @Sendable () -> Bool
  let answer: @Sendable (WebhookPath, [UInt8]) -> WebhookReply
  let largeReviews: LargeReviews

  /// Whether reviews can be decided.
  var canDecide: Bool { hasCertificate() && health.canDecide() }

  /// What `/readyz` answers.
  var readiness: PlainAnswer {
    var reasons = health.whyNotReady()
    if !health.canDecide() { reasons.insert("what reviews are decided by is not there yet", at: 0) }
    if !hasCertificate() { reasons.insert("there is no certificate yet", at: 0) }
    if state.isDraining { reasons.insert("shutting down", at: 0) }
    return probed("not ready", reasons)
  }

  /// What `/healthz` answers.
  var liveness: PlainAnswer { probed("not healthy", health.whyNotAlive()) }

  private func probed(_ verdict: String, _ reasons: [String]) -> PlainAnswer {
    reasons.isEmpty ? PlainAnswer(200, "ok") : PlainAnswer(503, "\(verdict): \(reasons.joined(separator: "; "))")
  }

  /// How much one connection may send.
  var limits: ConnectionState.Limits {
    ConnectionState.Limits(
      bodyBytes: configuration.maximumBodyBytes, largeBodyBytes: configuration.largeBodyBytes,
      silenceChecks: Int(configuration.idleTimeout / configuration.limit(.firstRequest)))
  }
}
