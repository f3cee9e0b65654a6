/// An answer after which the connection is closed.
package struct PlainResponse: Equatable, Sendable {
  /// The status codes (RFC 9110 §15) that are used.
  package enum Status: Int, CaseIterable, Sendable {
    case ok = 200
    case badRequest = 400
    case unauthorized = 401
    case notFound = 404
    case methodNotAllowed = 405
    case headTooLarge = 431
    case unavailable = 503
    case versionNotSupported = 505

    /// The reason phrase of the code.
    package var reason: StaticString {
      switch self {
      case .ok: "OK"
      case .badRequest: "Bad Request"
      case .unauthorized: "Unauthorized"
      case .notFound: "Not Found"
      case .methodNotAllowed: "Method Not Allowed"
      case .headTooLarge: "Request Header Fields Too Large"
      case .unavailable: "Service Unavailable"
      case .versionNotSupported: "HTTP Version Not Supported"
      }
    }

    /// A header field that the code requires.
    fileprivate var field: StaticString? {
      switch self {
      case .unauthorized: "WWW-Authenticate: Bearer\r\n"
      case .methodNotAllowed: "Allow: GET, HEAD\r\n"
      default: nil
      }
    }
  }

  /// The kind of a body.
  package enum Content: Sendable {
    case text, json

    fileprivate var type: StaticString {
      switch self {
      case .text: "text/plain; charset=utf-8"
      case .json: "application/json"
      }
    }
  }

  /// The status.
  package let status: Status
  /// The kind of the body.
  package let content: Content
  /// The body.
  package let body: [UInt8]

  /// An answer with these values.
  package init(_ status: Status, _ content: Content = .text, _ body: [UInt8]) {
    self.status = status
    self.content = content
    self.body = body
  }

  /// An answer whose body is its status, or this line.
  package init(_ status: Status, line: String? = nil) {
    self.init(status, .text, Array((line ?? status.reason.description).utf8) + [0x0A])
  }

  /// All bytes of the answer.
  /// - Parameter hasBody: false for the answer to HEAD, which only states the length of the body.
  package func bytes(hasBody: Bool = true) -> [UInt8] {
    var head = "HTTP/1.1 \(status.rawValue) \(status.reason.description)\r\n"
    head += "Content-Type: \(content.type.description)\r\n"
    head += "Content-Length: \(body.count)\r\nCache-Control: no-store\r\nConnection: close\r\n"
    if let field = status.field { head += field.description }
    head += "\r\n"
    return Array(head.utf8) + (hasBody ? body : [])
  }
}
