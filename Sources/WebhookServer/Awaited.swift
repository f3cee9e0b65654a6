/// What a connection waits for, and a client is given time for. The raw value is for the log.
enum Awaited: String {
  case handshake = "the TLS handshake"
  case firstRequest = "its first request"
  case request = "another request"
  case head = "the rest of the header fields"
  case body = "the rest of the body"
  case reader = "the client to read its answer"
  case close = "the client to close"

  /// The word for it in a metric; nil where the client has done all that it must.
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
  /// How long it is waited for.
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
