import NIOCore
import NIOHTTP1

/// Writes a response's head and body into one buffer, so that one write sends both.
extension ByteBuffer {
  /// The interim answer to `Expect: 100-continue`.
  mutating func writeContinue() {
    writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
  }

  /// The webhook's answer.
  mutating func writeResponse(_ reply: WebhookReply, _ persistence: Persistence) {
    let status = (200..<600).contains(reply.status) ? reply.status : 500
    writeHead(status, "application/json", length: reply.body.count, field: "", persistence)
    writeBytes(reply.body)
  }

  /// An answer that the server itself makes. `isHead` leaves out the body and nothing else (RFC 9110 §9.3.2).
  mutating func writeResponse(_ answer: PlainAnswer, isHead: Bool, _ persistence: Persistence) {
    writeHead(
      answer.status, "text/plain; charset=utf-8", length: answer.text.utf8.count + 1, field: answer.field, persistence)
    if !isHead {
      writeString(answer.text)
      writeStaticString("\n")
    }
  }

  /// A plain-text document whose content type names its own version.
  mutating func writeResponse(
    document: String, _ contentType: StaticString, isHead: Bool, _ persistence: Persistence
  ) {
    writeHead(200, contentType, length: document.utf8.count, field: "", persistence)
    if !isHead { writeString(document) }
  }

  private mutating func writeHead(
    _ status: Int, _ contentType: StaticString, length: Int, field: String, _ persistence: Persistence
  ) {
    if status == 200 {
      writeStaticString("HTTP/1.1 200 OK\r\nContent-Type: ")
    } else {
      writeStaticString("HTTP/1.1 ")
      writeString("\(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)")
      writeStaticString("\r\nContent-Type: ")
    }
    writeStaticString(contentType)
    writeStaticString("\r\nContent-Length: ")
    writeString(String(length))
    switch persistence {
    case .implied: writeStaticString("\r\n")
    case .keepAlive: writeStaticString("\r\nConnection: keep-alive\r\n")
    case .close: writeStaticString("\r\nConnection: close\r\n")
    }
    writeString(field)
    writeStaticString("\r\n")
  }
}
