import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOTLS
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import WebhookServer

/// When the reviews of an event loop's turn are answered, and when the answers are sent.
@Suite struct TurnTests {
  private let eventLoop = EmbeddedEventLoop()
  private let state = ServerState(
    ServerConfiguration(port: 0, certificate: .memory), maximumConnections: 10, maximumSurplus: 0)

  private func connection(
    _ answer: @escaping @Sendable (WebhookPath, [UInt8]) -> WebhookReply, _ given: ServerConfiguration? = nil,
    _ state: ServerState? = nil
  ) throws -> EmbeddedChannel {
    let state = state ?? self.state
    let metrics = ServerMetrics(PrometheusRegistry(ServerMetrics.families))
    let service = Service(
      port: .webhook, configuration: try given ?? configuration(), state: state, logger: silent, metrics: metrics,
      health: ServerHealth(), hasCertificate: { true }, answer: answer, largeReviews: LargeReviews(metrics, answer))
    let channel = EmbeddedChannel(loop: eventLoop)
    let seat = Seat(channel)
    #expect(state.admit(seat) == .served)
    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(service, seat, isSurplus: false))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
    return channel
  }

  /// Hands bytes to a connection, as the event loop does.
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
    defer { eventLoop.run() }
    let (first, second) = (try connection(echo), try connection(echo))
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

  /// An answer that is made at once does not overtake the answer to the review before it.
  @Test func whatFollowsAReviewIsAnsweredBehindIt() throws {
    defer { eventLoop.run() }
    let channel = try connection(echo)
    try receive("1", on: channel)
    try channel.writeInbound(
      HTTPServerRequestPart.head(
        HTTPRequestHead(version: .http1_1, method: .GET, uri: "/healthz", headers: ["host": "h"])))
    try channel.writeInbound(HTTPServerRequestPart.end(nil))
    eventLoop.run()
    let answers = try sent(channel)
    #expect(answers.contains("\r\n\r\nm1HTTP/1.1 200 OK"))
    #expect(answers.hasSuffix("\r\n\r\nok\n"))
    _ = try channel.finish()
  }

  @Test func theReviewBeforeWhatIsNoHTTPIsAnswered() throws {
    defer { eventLoop.run() }
    let channel = try connection(echo)
    try receive("1", on: channel)
    channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
    eventLoop.run()
    let answers = try sent(channel)
    #expect(answers.contains("\r\n\r\nm1HTTP/1.1 400 "))
    _ = try channel.finish(acceptAlreadyClosed: true)
  }

  /// The time limit for a body passes when the body has arrived, but the turn has not ended.
  @Test func aReviewThatIsAllThereIsNotCut() throws {
    defer { eventLoop.run() }
    var given = try configuration()
    given.bodyTimeout = .zero
    // So its timers run before the work at the end of a turn.
    eventLoop.advanceTime(to: .now() + .seconds(60))
    let channel = try connection(echo, given)
    try receive("1", on: channel)
    eventLoop.run()
    #expect(try sent(channel).hasSuffix("\r\n\r\nm1"))
    _ = try channel.finish()
  }

  /// A newcomer in the same turn, before the review is answered, finds that no connection can be closed for it.
  @Test func aReviewThatIsAllThereKeepsItsPlace() throws {
    defer { eventLoop.run() }
    var given = try configuration()
    given.patience = .zero
    let state = ServerState(given, maximumConnections: 1, maximumSurplus: 1)
    let channel = try connection(echo, given, state)
    #expect(try sent(channel).isEmpty)
    try receive("1", on: channel)
    eventLoop.run()
    #expect(try sent(channel).hasSuffix("\r\n\r\nm1"))
    try receive("2", on: channel)
    let (first, second) = (EmbeddedChannel(loop: eventLoop), EmbeddedChannel(loop: eventLoop))
    #expect(state.admit(Seat(first)) == .served)
    // It stays, so there are two.
    #expect(channel.isActive)
    eventLoop.run()
    #expect(try sent(channel).hasSuffix("\r\n\r\nm2"))
    // Both can be closed now, for the next newcomer.
    #expect(state.admit(Seat(second)) == .served)
    eventLoop.run()
    #expect(!channel.isActive)
    _ = try channel.finish(acceptAlreadyClosed: true)
  }

  /// While a client leaves its answers unread, the server waits for nothing else.
  @Test func aClientThatDoesNotReadIsGivenTheTimeForThat() throws {
    defer { eventLoop.run() }
    var given = try configuration()
    given.headerTimeout = .zero
    given.bodyTimeout = .seconds(3600)
    eventLoop.advanceTime(to: .now() + .seconds(60))
    let channel = try connection(echo, given)
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    channel.pipeline.fireChannelReadComplete()
    eventLoop.run()
    #expect(channel.isActive)
    channel.isWritable = true
    channel.pipeline.fireChannelWritabilityChanged()
    channel.pipeline.fireChannelReadComplete()
    eventLoop.run()
    #expect(!channel.isActive)
  }
}
