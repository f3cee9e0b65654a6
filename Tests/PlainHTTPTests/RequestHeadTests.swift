import PlainHTTP
import Testing

/// Bytes that a stranger may send, and how they are read.
@Suite struct RequestHeadTests {
  private static let probe = """
    GET /readyz HTTP/1.1\r\nHost: [fd00::1]:8432\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\nConnection: close\r\n\r\n
    """

  private func read(_ text: String) -> RequestHead.Reading { RequestHead.read(Array(text.utf8)) }

  @Test(arguments: [
    (probe, RequestHead(method: .get, path: "/readyz")),
    ("HEAD /metrics?x=1 HTTP/1.0\r\n\r\n", RequestHead(method: .head, path: "/metrics")),
    (
      "GET /status HTTP/1.1\r\nauthorization: bearer  abc \r\n\r\n",
      RequestHead(method: .get, path: "/status", token: Array("abc".utf8))
    ),
    (
      "GET / HTTP/1.1\r\nAuthorization: Basic abc\r\nContent-Length: 0\r\n\r\nmore",
      RequestHead(method: .get, path: "/")
    ),
  ])
  func aHeadIsReadWhenItIsWholeAndNotBefore(text: String, head: RequestHead) {
    #expect(read(text) == .complete(head))
    let end = text.utf8.count - (text.hasSuffix("more") ? 4 : 0)
    for count in 0..<end { #expect(RequestHead.read(Array(text.utf8.prefix(count))) == .incomplete) }
  }

  @Test(arguments: [
    ("GET\r\n\r\n", PlainResponse.Status.badRequest), ("\r\n\r\n", .badRequest),
    ("GET  / HTTP/1.1\r\n\r\n", .badRequest),
    ("GET http://a/ HTTP/1.1\r\n\r\n", .badRequest), ("GET /\u{7F} HTTP/1.1\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\n folded: x\r\n\r\n", .badRequest), ("GET / HTTP/1.1\r\nno colon\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\na b: c\r\n\r\n", .badRequest), ("GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\na: \u{0}\r\n\r\n", .badRequest), ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\n\r\n", .methodNotAllowed), ("get / HTTP/1.1\r\n\r\n", .methodNotAllowed),
    ("PRI * HTTP/2.0\r\n\r\n", .badRequest), ("GET / HTTP/2.0\r\n\r\n", .versionNotSupported),
    ("GET /\(String(repeating: "a", count: 5000))", .headTooLarge),
    ("GET / HTTP/1.1\r\na: \(String(repeating: "b", count: 5000))\r\n\r\n", .headTooLarge),
  ])
  func whatIsNoneIsRefused(text: String, status: PlainResponse.Status) {
    #expect(read(text) == .refused(status))
  }

  @Test func noSpoiltByteOfAProbeIsTakenForAnotherPathOrAToken() {
    let bytes = Array(Self.probe.utf8)
    for index in bytes.indices {
      for byte in UInt8.min...UInt8.max {
        var spoilt = bytes
        spoilt[index] = byte
        guard case .complete(let head) = RequestHead.read(spoilt) else { continue }
        #expect(head.token == nil)
        #expect(head.path.utf8.count == "/readyz".utf8.count || byte == UInt8(ascii: "?"), "\(head.path)")
      }
    }
  }

  @Test func anAnswerSaysHowLongItIsAndThatItIsTheLast() {
    let response = PlainResponse(.unauthorized)
    let text = String(decoding: response.bytes(), as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
    #expect(text.contains("\r\nContent-Length: 13\r\n") && text.contains("\r\nConnection: close\r\n"))
    #expect(text.contains("\r\nWWW-Authenticate: Bearer\r\n") && text.hasSuffix("\r\n\r\nUnauthorized\n"))
    #expect(String(decoding: response.bytes(hasBody: false), as: UTF8.self).hasSuffix("\r\n\r\n"))
  }
}
