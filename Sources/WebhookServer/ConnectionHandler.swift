import CoreMetrics
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import PrometheusText

/// One connection's socket: tells its rules (``ConnectionState``) what has come, and does what they say.
///
/// The reviews of an event loop's turn are answered at its end (``Turn``), large ones when ``LargeReviews`` has decided
/// them. Meanwhile, and while the client leaves answers unread, nothing more is read from it. A client that closes its side right behind a review waits for no answer, and may get
/// none.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What came while a review is being decided elsewhere.
  private enum Held {
    case part(HTTPServerRequestPart)
    case failure(Refusal)
  }

  private let service: Service
  private let seat: Seat
  private var connection: ConnectionState
  private let deadline = Deadline()
  /// Nil before this is added and after it is removed.
  private var context: ChannelHandlerContext?
  /// Bytes of a body that this connection holds.
  private var kept = 0
  /// The review that is being decided elsewhere.
  private var decision: Int?
  private var held: [Held] = []
  /// A request of this connection is counted as in flight.
  private var isCounted = false
  private var isInTurn = false
  private var hasUnflushed = false
  private var holdsRead = false

  /// - Parameter isSurplus: there are too many connections, and this one is told so.
  init(_ service: Service, _ seat: Seat, isSurplus: Bool) {
    self.service = service
    self.seat = seat
    connection = ConnectionState(at: service.port, service.limits, isSurplus: isSurplus)
  }

  // MARK: Events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    deadline.attach(to: context.eventLoop) { [self] in
      perform(connection.timedOut(isCrowded: service.state.isCrowded), context)
    }
    deadline.start(service.configuration.limit(connection.awaited))
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    deadline.detach()
    connection.closed()
    held = []
    // One that is being decided holds its body until it is.
    if let number = decision, service.largeReviews.cancel(number) { decision = nil }
    settle()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      perform(connection.handshakeCompleted(isQuiescing: service.state.isQuiescing), context)
    case is ChannelShouldQuiesceEvent:
      perform(connection.quiesce(), context)
    case MakeRoom.ofConnection(let activity):
      perform(connection.makeRoom(as: activity), context)
    case MakeRoom.ofBody:
      perform(connection.makeRoom(), context)
    default:
      break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    service.logger.debug("connection error", metadata: ["peer": "\(peer(context))", "error": "\(error)"])
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    take(.failure(Refusal(error)), context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    take(.part(unwrapInboundIn(data)), context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    completeReading(context)
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable, !connection.isDeciding { context.read() } else { holdsRead = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    perform(
      connection.writabilityChanged(isWritable, isQuiescing: service.state.isQuiescing), context)
    readOn(context)
    context.fireChannelWritabilityChanged()
  }

  private func completeReading(_ context: ChannelHandlerContext) {
    if !isInTurn { flush() }
    perform(connection.readCompleted(isWritable: context.channel.isWritable), context)
  }

  private func readOn(_ context: ChannelHandlerContext) {
    guard holdsRead, context.channel.isWritable, !connection.isDeciding else { return }
    holdsRead = false
    context.read()
  }

  private func take(_ event: Held, _ context: ChannelHandlerContext) {
    let step: ConnectionStep
    switch event {
    case .part(.head(let head)):
      answerReview()
      if connection.isClosing { return }
      step = connection.receive(Request(head, at: service.port))
    case .part(.body(let part)): step = connection.receive(part.readableBytesView, hasRoom: takeRoom)
    case .part(.end): step = connection.receiveEnd(isDraining: service.state.isDraining)
    case .failure(let refusal):
      answerReview()
      step = connection.receive(refusal)
    }
    if step == .hold { held.append(event) } else { perform(step, context) }
  }

  // MARK: Reviews

  /// Answers the review that is all there, if there is one.
  func answerReview() {
    guard let context, let review = connection.takeReview() else { return }
    answered(refusal(review) ?? .decision(service.answer(review.path, review.body)), context)
  }

  /// Has the review that is all there decided elsewhere.
  private func decideElsewhere(_ context: ChannelHandlerContext) {
    guard let review = connection.takeReview() else { return }
    if let refusal = refusal(review) { return answered(refusal, context) }
    seat.publish(connection.activity, .now())
    let eventLoop = context.eventLoop
    let handler = NIOLoopBound(self, eventLoop: eventLoop)
    decision = service.largeReviews.decide(review.path, review.body) { reply in
      eventLoop.execute { handler.value.decided(reply) }
    }
  }

  /// The review that was decided elsewhere is answered, and what was held is told.
  private func decided(_ reply: WebhookReply) {
    decision = nil
    guard let context else { return settle() }
    answered(.decision(reply), context)
    let events = held
    held = []
    for event in events { take(event, context) }
    completeReading(context)
    readOn(context)
  }

  private func refusal(_ review: ConnectionState.Review) -> Answer? {
    if !service.canDecide { return .refusal(.notReady) }
    return review.body.isEmpty ? .refusal(.emptyBody) : nil
  }

  private func answered(_ answer: Answer, _ context: ChannelHandlerContext) {
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
    case .wait(let awaited):
      let now = deadline.start(service.configuration.limit(awaited))
      seat.publish(connection.activity, now)
    case .sendContinue:
      var buffer = context.channel.allocator.buffer(capacity: 32)
      buffer.writeContinue()
      context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    case .joinTurn:
      service.state.finishBody(kept, of: seat)
      guard !isInTurn else { break }
      isInTurn = true
      Turn.current.add(self, on: context.eventLoop)
    case .decideElsewhere:
      service.state.finishBody(kept, of: seat)
      decideElsewhere(context)
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
      close(context)
    case .leave:
      service.metrics.displaced.increment()
      service.logger.debug("connection closed for another", metadata: ["peer": "\(peer(context))"])
      close(context)
    case .stay:
      seat.publish(connection.activity, .now())
      service.state.stay(seat)
    case .hold: break
    }
    settle()
  }

  /// Counts whether a request is in flight, and gives back the room of one that is not.
  private func settle() {
    let isInFlight = connection.isInFlight || decision != nil
    guard isInFlight != isCounted else { return }
    isCounted = isInFlight
    if isInFlight { return service.metrics.inFlight.increment() }
    service.metrics.inFlight.decrement()
    service.state.giveRoomBack(kept, of: seat)
    kept = 0
  }

  private func takeRoom(_ bytes: Int, of total: Int) -> Bool {
    guard service.state.takeRoom(bytes, of: total, for: seat) else { return false }
    kept = total
    return true
  }

  private func render(_ answer: Answer, _ form: AnswerForm, _ context: ChannelHandlerContext) -> ByteBuffer {
    switch answer {
    case .decision(let reply):
      var buffer = context.channel.allocator.buffer(capacity: 160 + reply.body.count)
      buffer.writeResponse(reply, form.persistence)
      return buffer
    case .metrics:
      var buffer = context.channel.allocator.buffer(capacity: 8192)
      buffer.writeResponse(
        document: service.metrics.text(), PrometheusRegistry.contentType, isHead: form.isHead, form.persistence)
      return buffer
    case .health: return render(service.liveness, form, context)
    case .readiness: return render(service.readiness, form, context)
    case .refusal(let refusal):
      let answer = refusal.answer
      service.metrics.refused(status: answer.status)
      return render(answer, form, context)
    }
  }

  private func render(_ answer: PlainAnswer, _ form: AnswerForm, _ context: ChannelHandlerContext) -> ByteBuffer {
    var buffer = context.channel.allocator.buffer(capacity: 256)
    buffer.writeResponse(answer, isHead: form.isHead, form.persistence)
    return buffer
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

  /// Closes at once. With TLS, the client is told so; that it hears it is not waited for.
  private func close(_ context: ChannelHandlerContext) {
    service.state.leave(seat)
    let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
    context.close(promise: nil)
    tls?.close(promise: nil)
  }

  private func peer(_ context: ChannelHandlerContext) -> String {
    context.remoteAddress.map { "\($0)" } ?? "unknown"
  }
}
