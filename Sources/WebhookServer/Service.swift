import Logging

/// What all connections to a port serve, and with what.
struct Service: Sendable {
  let port: Request.Port
  let configuration: ServerConfiguration
  let state: ServerState
  let logger: Logger
  let metrics: ServerMetrics
  let isReady: @Sendable () -> Bool
  let answer: @Sendable (WebhookPath, [UInt8]) -> WebhookReply
  let largeReviews: LargeReviews

  /// What is taken of one connection.
  var limits: ConnectionState.Limits {
    ConnectionState.Limits(
      bodyBytes: configuration.maximumBodyBytes, largeBodyBytes: configuration.largeBodyBytes,
      silenceChecks: Int(configuration.idleTimeout / configuration.limit(.firstRequest)))
  }
}
