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
}
