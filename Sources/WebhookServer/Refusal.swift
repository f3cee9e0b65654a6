import NIOHTTP1

/// Why the server refuses a request before it reaches the webhook.
enum Refusal: Equatable {
  case malformed
  case noHost
  case emptyBody
  case notFound
  case notFoundInOperations
  case postOnly
  case getOnly
  case tooLarge(limit: Int)
  case notJSON
  case overloaded
  case tooManyConnections
  case headersTooLarge
  case notReady
  case versionNotSupported

  /// The refusal for an error of the HTTP decoder.
  init(_ error: HTTPParserError) {
    switch error {
    case .headerOverflow: self = .headersTooLarge
    case .invalidVersion: self = .versionNotSupported
    default: self = .malformed
    }
  }

  /// The answer that tells the client.
  var answer: PlainAnswer {
    switch self {
    case .malformed: PlainAnswer(400, "malformed HTTP request")
    case .noHost: PlainAnswer(400, "the Host header field is missing")
    case .emptyBody: PlainAnswer(400, "the body is empty: POST a JSON document")
    case .notFound: PlainAnswer(404, "not found: there are /mutate, /validate, /healthz and /readyz")
    case .notFoundInOperations:
      PlainAnswer(404, "not found: there are /metrics, /healthz and /readyz; reviews go to the TLS port")
    case .postOnly: PlainAnswer(405, "use POST", field: "Allow: POST\r\n")
    case .getOnly: PlainAnswer(405, "use GET", field: "Allow: GET, HEAD\r\n")
    case .tooLarge(let limit): PlainAnswer(413, "the body is larger than \(limit) bytes")
    case .notJSON: PlainAnswer(415, "Content-Type must be application/json")
    case .overloaded: PlainAnswer(429, "too many large requests at once", field: "Retry-After: 1\r\n")
    case .tooManyConnections: PlainAnswer(429, "too many connections", field: "Retry-After: 1\r\n")
    case .headersTooLarge: PlainAnswer(431, "the header fields are too large")
    case .notReady: PlainAnswer(503, "not ready", field: "Retry-After: 1\r\n")
    case .versionNotSupported: PlainAnswer(505, "use HTTP/1.1")
    }
  }
}
