import CoreMetrics
import Logging
import NIOCore
import NIOHTTP1
import NIOTLS
import PrometheusText

/// One connection's socket: tells its rules (``ConnectionState``) what has come, and does what they say.
///
/// The reviews of an event loop's turn are answered at its end (``Turn``). While the client leaves answers unread,
/// nothing more is read from it. A client that closes its side right behind a review waits for no answer, and may get
/// none.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let service: Service
  private var connection: ConnectionState
  private let deadline = Deadline()
  /// Nil before this is added and after it is removed.
  private var context: ChannelHandlerContext?
  /// Bytes of the server's room for bodies that are this connection's.
  private var reserved = 0
  /// A request of this connection is counted as in flight.
  private var isCounted = false
  private var isInTurn = false
  private var hasUnflushed = false
  private var holdsRead = false

  /// - Parameter isSurplus: there are too many connections, and this one is told so.
  init(_ service: Service, isSurplus: Bool) {
    self.service = service
    connection = ConnectionState(
      at: service.port, maximumBodyBytes: service.configuration.maximumBodyBytes, isSurplus: isSurplus)
  }

  // MARK: Events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    deadline.attach(to: context.eventLoop) { [self] in perform(connection.timedOut(), context) }
    deadline.start(service.configuration.limit(connection.awaited))
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    deadline.detach()
    connection.closed()
    settle()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      perform(connection.handshakeCompleted(isQuiescing: service.state.isQuiescing), context)
    case is ChannelShouldQuiesceEvent:
      perform(connection.quiesce(), context)
    default:
      break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    service.logger.debug("connection error", metadata: ["peer": "\(peer(context))", "error": "\(error)"])
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    answerReview()
    perform(connection.receive(Refusal(error)), context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answerReview()
      if !connection.isClosing { perform(connection.receive(Request(head, at: service.port)), context) }
    case .body(let part):
      perform(connection.receive(part.readableBytesView, hasRoom: reserve), context)
    case .end:
      perform(connection.receiveEnd(isDraining: service.state.isDraining), context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if !isInTurn { flush() }
    perform(connection.readCompleted(isWritable: context.channel.isWritable), context)
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() } else { holdsRead = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    perform(
      connection.writabilityChanged(isWritable, isQuiescing: service.state.isQuiescing), context)
    if isWritable, holdsRead {
      holdsRead = false
      context.read()
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: The event loop's turn

  /// Whether what is to be answered may take long.
  var isLarge: Bool { connection.isLarge }

  /// Answers the review that is all there, if there is one.
  func answerReview() {
    guard let context, let review = connection.takeReview() else { return }
    let answer: Answer =
      if !service.isReady() {
        .refusal(.notReady)
      } else if review.body.isEmpty {
        .refusal(.emptyBody)
      } else {
        .decision(service.answer(review.path, review.body))
      }
    perform(connection.answered(answer, isDraining: service.state.isDraining), context)
  }

  /// Ends the turn: sends what is written.
  func endTurn() {
    isInTurn = false
    flush()
    if let context { perform(connection.turnEnded(isWritable: context.channel.isWritable), context) }
  }

  // MARK: Steps

  private func perform(_ step: ConnectionStep, _ context: ChannelHandlerContext) {
    switch step {
    case .nothing: break
    case .wait(let awaited): deadline.start(service.configuration.limit(awaited))
    case .sendContinue:
      var buffer = context.channel.allocator.buffer(capacity: 32)
      buffer.writeContinue()
      context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    case .joinTurn:
      guard !isInTurn else { break }
      isInTurn = true
      Turn.current.add(self, on: context.eventLoop)
    case .answer(let answer, let form):
      let buffer = render(answer, form, context)
      if form.persistence == .close {
        end(context, with: buffer)
      } else {
        hasUnflushed = true
        context.write(wrapOutboundOut(buffer), promise: nil)
      }
    case .end: end(context, with: context.channel.allocator.buffer(capacity: 0))
    case .cut(let awaited):
      if let word = awaited.metric { service.metrics.cut(waitingFor: word) }
      service.logger.debug(
        "connection cut", metadata: ["peer": "\(peer(context))", "waited for": "\(awaited.rawValue)"])
      context.close(promise: nil)
    }
    settle()
  }

  /// Counts whether a request is in flight, and gives back the room of one that is not.
  private func settle() {
    guard connection.isInFlight != isCounted else { return }
    isCounted.toggle()
    if isCounted { return service.metrics.inFlight.increment() }
    service.metrics.inFlight.decrement()
    service.state.release(reserved)
    reserved = 0
  }

  private func reserve(_ count: Int) -> Bool {
    guard service.state.reserve(count) else { return false }
    reserved += count
    return true
  }

  private func render(_ answer: Answer, _ form: AnswerForm, _ context: ChannelHandlerContext) -> ByteBuffer {
    let allocator = context.channel.allocator
    var buffer: ByteBuffer
    switch answer {
    case .decision(let reply):
      buffer = allocator.buffer(capacity: 160 + reply.body.count)
      buffer.writeResponse(reply, form.persistence)
    case .metrics:
      buffer = allocator.buffer(capacity: 8192)
      buffer.writeResponse(
        document: service.metrics.text(), PrometheusRegistry.contentType, isHead: form.isHead, form.persistence)
    case .health, .readiness, .refusal:
      buffer = allocator.buffer(capacity: 256)
      buffer.writeResponse(plain(answer), isHead: form.isHead, form.persistence)
    }
    return buffer
  }

  private func plain(_ answer: Answer) -> PlainAnswer {
    switch answer {
    case .refusal(let refusal):
      let answer = refusal.answer
      service.metrics.refused(status: answer.status)
      return answer
    case .readiness where service.state.isDraining || !service.isReady():
      return PlainAnswer(503, "not ready")
    default:
      return PlainAnswer(200, "ok")
    }
  }

  private func flush() {
    guard hasUnflushed else { return }
    hasUnflushed = false
    context?.flush()
  }

  /// Sends what is written and closes the sending side; the client's closing, or the linger time, does the rest.
  private func end(_ context: ChannelHandlerContext, with last: ByteBuffer) {
    hasUnflushed = false
    deadline.start(service.configuration.limit(connection.awaited))
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenSuccess { [self] in
      guard context.channel.isActive else { return }
      perform(connection.ended(), context)
      context.close(mode: .output, promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(last), promise: written)
  }

  private func peer(_ context: ChannelHandlerContext) -> String {
    context.remoteAddress.map { "\($0)" } ?? "unknown"
  }
}
