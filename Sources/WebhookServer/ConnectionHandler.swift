import CoreMetrics
import Logging
import NIOCore
import NIOHTTP1
import NIOTLS
import PrometheusText

/// One connection: takes requests, answers them in their order, and ends it when it is time.
///
/// Reviews are answered at the end of the event loop's turn (``Turn``), or when the next request comes; everything else
/// at once. While the client leaves answers unread, nothing more is read from it. A client that closes its side right
/// behind a review waits for no answer, and may get none.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case handshake
    /// Between two requests, or within the head of one.
    case idle
    /// The head of `request` is there, not its end.
    case receiving
    /// The review in `request` and `body` is all there.
    case answering
    /// The last answer is written: what still comes is dropped.
    case closing
  }

  private let port: Request.Port
  private let configuration: ServerConfiguration
  private let state: ServerState
  /// There are too many connections: this one is told so.
  private let isSurplus: Bool
  private let logger: Logger
  private let metrics: ServerMetrics
  private let isReady: @Sendable () -> Bool
  private let answer: @Sendable (WebhookPath, [UInt8]) -> WebhookReply

  private var phase = Phase.handshake
  private var request: Request? {
    didSet {
      switch (oldValue, request) {
      case (nil, .some): metrics.inFlight.increment()
      case (.some, nil): metrics.inFlight.decrement()
      default: break
      }
    }
  }
  private var body: [UInt8] = []
  /// Bytes of this body so far, kept or not.
  private var received = 0
  /// Bytes of this body that count against the server's bound.
  private var reserved = 0

  /// A request, or a part of one, came since the last `channelReadComplete`.
  private var sawPart = false
  private var servedAny = false
  private var hasUnflushed = false
  private var holdsRead = false
  /// Nil before this is added and after it is removed.
  private var context: ChannelHandlerContext?
  private var isInTurn = false
  private var watch: Watch

  init(
    _ port: Request.Port, _ configuration: ServerConfiguration, state: ServerState, isSurplus: Bool, logger: Logger,
    metrics: ServerMetrics, isReady: @escaping @Sendable () -> Bool,
    answer: @escaping @Sendable (WebhookPath, [UInt8]) -> WebhookReply
  ) {
    self.port = port
    self.configuration = configuration
    self.state = state
    self.isSurplus = isSurplus
    self.logger = logger
    self.metrics = metrics
    self.isReady = isReady
    self.answer = answer
    watch = Watch(configuration)
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    watch.attach(to: context.eventLoop) { [self] subject in
      // It is about to be answered: the client has done all that it must.
      if phase == .answering, subject != .reader { return watch.start(.idle) }
      if let word = subject.metric { metrics.cut(waitingFor: word) }
      logger.debug("connection cut", metadata: ["peer": "\(peer(context))", "waited for": "\(subject.rawValue)"])
      phase = .closing
      dropBody()
      context.close(promise: nil)
    }
    switch port {
    case .webhook: watch.start(.handshake)
    case .operations:
      phase = .idle
      watch.start(.idle)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    watch.detach()
    dropBody()
    request = nil
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      phase = .idle
      // A client that has just connected is about to send, so it is heard even when the server is going.
      watch.start(state.isQuiescing ? .linger : .idle)
    case is ChannelShouldQuiesceEvent:
      guard phase == .idle, watch.subject == .idle else { break }
      if servedAny { end(context) } else { watch.start(.linger) }
    default:
      break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug("connection error", metadata: ["peer": "\(peer(context))", "error": "\(error)"])
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    answerPending()
    guard phase != .closing else { return }
    switch error {
    case .headerOverflow: refuse(.headersTooLarge, context)
    case .invalidVersion: refuse(.versionNotSupported, context)
    default: refuse(.malformed, context)
    }
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard phase != .closing else { return }
    sawPart = true
    switch unwrapInboundIn(data) {
    case .head(let head):
      answerPending()
      if phase != .closing { begin(Request(head, at: port), context) }
    case .body(let part): take(part, context)
    case .end: complete(context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if !isInTurn { send() }
    // As long as the client leaves its answers unread, that is what is waited for.
    switch phase {
    case _ where !context.channel.isWritable: break
    case .idle where sawPart: watch.start(.idle)
    case .idle where watch.subject != .head: watch.start(.head)
    case .receiving where watch.subject != .body: watch.start(.body)
    default: break
    }
    sawPart = false
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() } else { holdsRead = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if !context.channel.isWritable {
      watch.start(.reader)
    } else {
      if phase == .idle {
        if state.isQuiescing { end(context) } else { watch.start(.idle) }
      }
      if phase == .receiving { watch.start(.body) }
      if holdsRead {
        holdsRead = false
        context.read()
      }
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: A request

  private func begin(_ request: Request, _ context: ChannelHandlerContext) {
    self.request = request
    phase = .receiving
    if isSurplus { return refuse(.tooManyConnections, context) }
    let length = request.contentLength ?? 0
    if length > configuration.maximumBodyBytes {
      return refuse(.tooLarge(limit: configuration.maximumBodyBytes), context)
    }
    if request.expectsContinue {
      // A refusal spares the client the body; as it may send it all the same, the connection ends.
      if case .refuse(let refusal) = request.action { return refuse(refusal, context) }
      var buffer = context.channel.allocator.buffer(capacity: 32)
      buffer.writeContinue()
      context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
    // What the client says it will send is not believed beyond this: memory is given for what has come.
    if case .webhook = request.action { body.reserveCapacity(min(length, 64 << 10)) }
  }

  private func take(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
    guard let request else { return }
    received += part.readableBytes
    guard received <= configuration.maximumBodyBytes else {
      return refuse(.tooLarge(limit: configuration.maximumBodyBytes), context)
    }
    guard case .webhook = request.action else { return }
    guard state.reserve(part.readableBytes) else { return refuse(.overloaded, context) }
    reserved += part.readableBytes
    body.append(contentsOf: part.readableBytesView)
  }

  private func complete(_ context: ChannelHandlerContext) {
    guard case .webhook? = request?.action else { return respond(context) }
    phase = .answering
    guard !isInTurn else { return }
    isInTurn = true
    Turn.current.add(self, on: context.eventLoop)
  }

  /// Whether what is to be answered may take long. A Pod's review has some 6,000 bytes.
  var isLarge: Bool { body.count > 64 << 10 }

  /// Answers the review that is all there, if there is one.
  func answerPending() {
    if phase == .answering, let context { respond(context) }
  }

  /// Ends the turn: sends what is written.
  func endTurn() {
    isInTurn = false
    send()
    if phase == .idle, context?.channel.isWritable == true { watch.start(.idle) }
  }

  private func send() {
    guard hasUnflushed else { return }
    hasUnflushed = false
    context?.flush()
  }

  private func respond(_ context: ChannelHandlerContext) {
    guard let request else { return }
    let persistence = persistence(after: request)
    var buffer: ByteBuffer
    switch request.action {
    case .webhook where !isReady():
      metrics.refused(status: Refusal.notReady.status)
      buffer = text(.notReady, request, persistence, context)
    case .webhook(let path) where !body.isEmpty:
      let reply = answer(path, body)
      buffer = context.channel.allocator.buffer(capacity: 160 + reply.body.count)
      buffer.writeResponse(reply, persistence)
    case .webhook:
      metrics.refused(status: Refusal.emptyBody.status)
      buffer = text(.emptyBody, request, persistence, context)
    case .refuse(let refusal):
      metrics.refused(status: refusal.status)
      buffer = text(refusal, request, persistence, context)
    case .metrics:
      buffer = context.channel.allocator.buffer(capacity: 8192)
      buffer.writeResponse(
        document: metrics.text(), PrometheusRegistry.contentType, isHead: request.isHead, persistence)
    case .health:
      buffer = text(Refusal(status: 200, text: "ok"), request, persistence, context)
    case .readiness:
      let ready = !state.isDraining && isReady()
      buffer = text(
        Refusal(status: ready ? 200 : 503, text: ready ? "ok" : "not ready"), request, persistence, context)
    }
    servedAny = true
    dropBody()
    self.request = nil
    if persistence == .close {
      end(context, with: buffer)
    } else {
      phase = .idle
      hasUnflushed = true
      context.write(wrapOutboundOut(buffer), promise: nil)
    }
  }

  private func persistence(after request: Request) -> ByteBuffer.Persistence {
    // While draining, clients are sent elsewhere with each answer: no connection is then closed under a request.
    if !request.keepsAlive || state.isDraining { return .close }
    return request.isHTTP10 ? .keepAlive : .implied
  }

  private func text(
    _ answer: Refusal, _ request: Request?, _ persistence: ByteBuffer.Persistence, _ context: ChannelHandlerContext
  ) -> ByteBuffer {
    var buffer = context.channel.allocator.buffer(capacity: 256)
    buffer.writeResponse(
      status: answer.status, text: answer.text, field: answer.field, isHead: request?.isHead ?? false, persistence)
    return buffer
  }

  private func dropBody() {
    state.release(reserved)
    reserved = 0
    received = 0
    body = []
  }

  // MARK: The end

  /// Answers before the request has been read, and ends the connection, as its next request cannot be found.
  private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
    metrics.refused(status: refusal.status)
    let buffer = text(refusal, request, .close, context)
    dropBody()
    request = nil
    end(context, with: buffer)
  }

  /// Sends what is written and closes the sending side; the client's closing, or the linger time, does the rest.
  private func end(_ context: ChannelHandlerContext, with last: ByteBuffer? = nil) {
    phase = .closing
    hasUnflushed = false
    watch.start(.reader)
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenSuccess { [self] in
      guard context.channel.isActive else { return }
      watch.start(.linger)
      context.close(mode: .output, promise: nil)
    }
    context.writeAndFlush(
      wrapOutboundOut(last ?? context.channel.allocator.buffer(capacity: 0)), promise: written)
  }

  private func peer(_ context: ChannelHandlerContext) -> String {
    context.remoteAddress.map { "\($0)" } ?? "unknown"
  }
}
