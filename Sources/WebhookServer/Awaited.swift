/// What the server waits for on a connection. The client has a limited time for it. The raw value is for the log.
enum Awaited: String {
  case handshake = "the TLS handshake"
  case firstRequest = "its first request"
  case request = "another request"
  case head = "the rest of the header fields"
  case body = "the rest of the body"
  case reader = "the client to read its answer"
  case close = "the client to close"

  /// The label of `postern_http_connections_cut_total`; nil where the client has already done its part.
  var metric: String? {
    switch self {
    case .handshake: "handshake"
    case .firstRequest: "request"
    case .head: "header"
    case .body: "body"
    case .reader: "reader"
    case .request, .close: nil
    }
  }
}

extension ServerConfiguration {
  /// How long the server waits for it.
  func limit(_ awaited: Awaited) -> Duration {
    switch awaited {
    case .handshake: handshakeTimeout
    case .firstRequest: min(silenceTimeout, idleTimeout)
    case .request: idleTimeout
    case .head: headerTimeout
    case .body, .reader: bodyTimeout
    case .close: lingerTime
    }
  }
}
