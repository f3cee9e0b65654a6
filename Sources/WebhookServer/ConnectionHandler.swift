import CoreMetrics
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import PrometheusText

/// Connects one socket to its rules (``ConnectionState``): it reports each event to them and does what they return.
///
/// The reviews that arrive in one turn of the event loop are answered at its end (``Turn``), and large ones when
/// ``LargeReviews`` has decided them. Until then, and while the client leaves answers unread, the handler reads nothing
/// more from it. A client that closes its side right after it has sent a review may get no answer.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// An event that came while a review is being decided on another thread.
  private enum Held {
    case part(HTTPServerRequestPart)
    case failure(Refusal)
  }

  /// What is written is sent at the latest from this many bytes on. TLS keeps it until then, so that the channel looks
  /// writable although the client reads nothing.
  private static let maximumUnflushedBytes = 64 << 10

  private let service: Service
  private let seat: Seat
  private var connection: ConnectionState
  private let deadline = Deadline()
  /// Nil before the handler is added and after it is removed.
  private var context: ChannelHandlerContext?
  /// How many bytes of a body this connection holds.
  private var kept = 0
  /// How many bytes of answers were written since the channel was last writable with everything sent.
  private var unread = 0
  /// The number of the review that another thread is deciding.
  private var decision: Int?
  private var held: [Held] = []
  /// Whether a request of this connection is counted as in flight.
  private var isCounted = false
  private var isInTurn = false
  private var hasUnflushed = false
  private var holdsRead = false

  /// - Parameter isSurplus: whether there are too many connections, so that each request is answered with 429.
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
    // A review that is already being decided keeps its body until then.
    if let number = decision, service.largeReviews.cancel(number) { decision = nil }
    service.state.giveRoomOfAnswersBack(of: seat)
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
    case MakeRoom.ofAnswer:
      if !context.channel.isWritable { perform(connection.refuseReader(), context) }
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
    if isWritable {
      unread = 0
      service.state.giveRoomOfAnswersBack(of: seat)
    } else if !service.state.takeRoomForAnswers(unread, of: seat) {
      perform(connection.refuseReader(), context)
    }
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

  /// Answers the review that has arrived completely, if there is one.
  func answerReview() {
    guard let context, let review = connection.takeReview() else { return }
    answered(refusal(review) ?? .decision(service.answer(review.path, review.body)), context)
  }

  /// Gives the review that has arrived completely to ``LargeReviews``.
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

  /// Answers the review that another thread has decided, then handles the events that were held meanwhile.
  private func decided(_ reply: WebhookReply) {
    decision = nil
    guard let context else { return settle() }
    answered(.decision(reply), context)
    let events = held
    held = []
    for event in events { take(event, context) }
    // Without any, the client owes nothing but its next request.
    if events.isEmpty { endTurn() } else { completeReading(context) }
    readOn(context)
  }

  private func refusal(_ review: ConnectionState.Review) -> Answer? {
    if !service.canDecide { return .refusal(.notReady) }
    return review.body.isEmpty ? .refusal(.emptyBody) : nil
  }

  private func answered(_ answer: Answer, _ context: ChannelHandlerContext) {
    perform(connection.answered(answer, isDraining: service.state.isDraining), context)
  }

  /// Ends the turn and sends what has been written.
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
      // The channel says only once that it is not writable. Requests that had been read then are answered all the same.
      if !context.channel.isWritable, !service.state.takeRoomForAnswers(buffer.readableBytes, of: seat) {
        return perform(connection.refuseReader(), context)
      }
      unread += buffer.readableBytes
      if form.persistence == .close {
        end(context, with: buffer)
      } else {
        hasUnflushed = true
        context.write(wrapOutboundOut(buffer), promise: nil)
        if unread > Self.maximumUnflushedBytes { flush() }
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

  /// Updates the count of requests in flight, and frees the body's room when the request is over.
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
    guard hasUnflushed, let context else { return }
    hasUnflushed = false
    context.flush()
    if context.channel.isWritable { unread = 0 }
  }

  /// Sends what has been written and closes the sending side. Then the client closes the connection, or the linger time
  /// ends it.
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

  /// Closes at once. With TLS it tells the client, but does not wait for the client to hear it.
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
