import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOTLS
import PrometheusText
import Testing

@testable import WebhookServer

/// When the answers of an event loop's turn are sent.
@Suite struct OutboxTests {
  private let eventLoop = EmbeddedEventLoop()
  private let state = ServerState(
    maximumConnections: 10, maximumSurplusConnections: 0, maximumBufferedBytes: 1 << 20)

  private func connection() throws -> EmbeddedChannel {
    let handler = ConnectionHandler(
      .webhook, try configuration(), state: state, isSurplus: false, logger: silent,
      metrics: ServerMetrics(PrometheusRegistry(ServerMetrics.families)), isReady: { true }, answer: echo)
    let channel = EmbeddedChannel(handler: handler, loop: eventLoop)
    channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
    return channel
  }

  /// What has come on a connection, as the event loop hands it on.
  private func receive(_ body: String, on channel: EmbeddedChannel) throws {
    let fields: HTTPHeaders = [
      "host": "h", "content-type": "application/json", "content-length": String(body.utf8.count),
    ]
    try channel.writeInbound(
      HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/mutate", headers: fields)))
    try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: body)))
    try channel.writeInbound(HTTPServerRequestPart.end(nil))
  }

  private func sent(_ channel: EmbeddedChannel) throws -> String {
    var text = ""
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
    return text
  }

  @Test func answersOfATurnAreSentAtItsEnd() throws {
    let (first, second) = (try connection(), try connection())
    try receive("1", on: first)
    try receive("2", on: second)
    try receive("3", on: first)
    #expect(try sent(first).isEmpty)
    #expect(try sent(second).isEmpty)
    eventLoop.run()
    #expect(try sent(first).split(separator: "\r\n\r\n").map { $0.prefix(2) } == ["HT", "m1", "m3"])
    #expect(try sent(second).hasSuffix("\r\n\r\nm2"))
    try receive("4", on: second)
    eventLoop.run()
    #expect(try sent(second).hasSuffix("\r\n\r\nm4"))
    _ = try first.finish()
    _ = try second.finish()
  }

  @Test func answersDoNotWaitForALargeReview() throws {
    let (first, second) = (try connection(), try connection())
    try receive("1", on: first)
    try receive(String(repeating: " ", count: 100_000), on: second)
    #expect(try sent(first).hasSuffix("\r\n\r\nm1"))
    #expect(try sent(second).isEmpty)
    eventLoop.run()
    #expect(try sent(second).count > 100_000)
    _ = try first.finish()
    _ = try second.finish()
  }

  @Test func aConnectionThatHasEndedMeanwhileIsPassedOver() throws {
    let (first, second) = (try connection(), try connection())
    try receive("1", on: first)
    try receive("2", on: second)
    _ = try first.finish()
    eventLoop.run()
    #expect(try sent(second).hasSuffix("\r\n\r\nm2"))
    _ = try second.finish()
  }
}
