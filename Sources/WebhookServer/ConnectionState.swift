/// The rules of one connection, without its socket: each event goes in, and the next step comes out.
///
/// Requests are answered in their order. A review is answered at the end of the event loop's turn, or when the next
/// request comes. A large review is answered when another thread has decided it, and events that come meanwhile are
/// held. Everything else is answered at once. Each phase holds its data in its case.
struct ConnectionState {
  private enum Phase {
    case handshake
    /// Before the end of the first request's head. `checksLeft` says how many more times a timeout checks for a crowd
    /// before the connection is closed anyway.
    case silent(checksLeft: Int)
    /// Between two requests, or within the head of one.
    case idle
    /// The head has arrived, and the end of the request has not.
    case receiving(Receiving)
    /// A complete review has arrived.
    case received(Review)
    /// The review has been taken by `takeReview`, and its answer is not yet known.
    case deciding(Request)
    /// The last answer is written. Whatever still arrives is dropped.
    case closing
  }

  private struct Receiving {
    let request: Request
    /// The part of the body that is kept.
    var body: [UInt8] = []
    /// How many bytes of the body have arrived, kept or not.
    var count = 0
  }

  /// A review that has arrived completely.
  struct Review {
    fileprivate let request: Request
    let path: WebhookPath
    let body: [UInt8]
  }

  /// What the server waits for.
  private(set) var awaited: Awaited
  private var phase: Phase
  /// Whether a request, or a part of one, has arrived since the last `readCompleted`.
  private var sawPart = false
  private let limits: Limits
  private let isSurplus: Bool

  /// How much one connection may send.
  struct Limits {
    var bodyBytes: Int
    /// A review above this size is decided on another thread.
    var largeBodyBytes: Int
    /// How many timeouts check for a crowd before a connection that sends nothing is closed anyway.
    var silenceChecks: Int
  }

  /// - Parameter isSurplus: whether there are too many connections, so that each request is answered with 429.
  init(at port: Request.Port, _ limits: Limits, isSurplus: Bool) {
    self.limits = limits
    self.isSurplus = isSurplus
    switch port {
    case .webhook: (phase, awaited) = (.handshake, .handshake)
    case .operations: (phase, awaited) = (.silent(checksLeft: limits.silenceChecks), .firstRequest)
    }
  }

  /// Whether a request has begun and its answer is not yet made.
  var isInFlight: Bool {
    switch phase {
    case .receiving, .received, .deciding: true
    case .handshake, .silent, .idle, .closing: false
    }
  }

  /// Whether a review of this connection is being decided.
  var isDeciding: Bool {
    if case .deciding = phase { true } else { false }
  }

  var isClosing: Bool {
    if case .closing = phase { true } else { false }
  }

  /// What the connection does, as ``ConnectionPolicy`` needs it.
  var activity: ConnectionPolicy.Activity {
    switch (phase, awaited) {
    case (.handshake, _), (.silent, .firstRequest): .silent
    case (.idle, .request): .idle
    case (.received, _), (.deciding, _): .busy
    case (.silent, _), (.idle, _), (.receiving, _), (.closing, _): .owing
    }
  }

  // MARK: Life

  mutating func handshakeCompleted(isQuiescing: Bool) -> ConnectionStep {
    phase = .silent(checksLeft: limits.silenceChecks)
    // A client that has just connected is about to send, so its request is served even while the server stops.
    return wait(isQuiescing ? .close : .firstRequest)
  }

  /// The server stops: connections without a request end.
  mutating func quiesce() -> ConnectionStep {
    switch (phase, awaited) {
    case (.silent, .firstRequest): wait(.close)
    case (.idle, .request): end()
    default: .nothing
    }
  }

  /// The limit for what was awaited has passed.
  /// - Parameter isCrowded: whether more than half of the places are taken.
  mutating func timedOut(isCrowded: Bool) -> ConnectionStep {
    switch (phase, awaited) {
    // The answer is about to be made: the client has done its part.
    case (.received, let awaited) where awaited != .reader, (.deciding, let awaited) where awaited != .reader:
      return wait(.request)
    case (.silent(let checksLeft), .firstRequest) where !isCrowded && checksLeft > 1:
      phase = .silent(checksLeft: checksLeft - 1)
      return wait(.firstRequest)
    case (.silent, .firstRequest):
      phase = .closing
      return .cut(isCrowded ? .firstRequest : .request)
    default:
      phase = .closing
      return .cut(awaited)
    }
  }

  /// Another connection needs this one's place.
  /// - Parameter activity: what this connection did when it was chosen.
  mutating func makeRoom(as activity: ConnectionPolicy.Activity) -> ConnectionStep {
    guard activity == self.activity, activity != .busy else { return .stay }
    phase = .closing
    return .leave
  }

  /// Another body needs the room of this connection's body.
  mutating func makeRoom() -> ConnectionStep {
    if case .receiving(let receiving) = phase { refuse(.overloaded, receiving.request) } else { .nothing }
  }

  /// There is no room for this connection's unread answers, or others need it.
  mutating func refuseReader() -> ConnectionStep {
    phase = .closing
    return .cut(.reader)
  }

  /// The last answer has been sent and the sending side is closed. Now the client must close.
  mutating func ended() -> ConnectionStep { wait(.close) }

  /// The connection is gone.
  mutating func closed() { phase = .closing }

  // MARK: Reading

  /// The head of a request has arrived. The caller must have taken a complete review before.
  mutating func receive(_ request: Request) -> ConnectionStep {
    switch phase {
    case .silent, .idle: break
    case .deciding: return .hold
    case .handshake, .receiving, .received, .closing: return .nothing
    }
    sawPart = true
    if isSurplus { return refuse(.tooManyConnections, request) }
    if request.contentLength ?? 0 > limits.bodyBytes { return refuse(.tooLarge(limit: limits.bodyBytes), request) }
    if request.expectsContinue, case .refuse(let refusal) = request.action {
      // The refusal saves the client from sending the body. It may send the body all the same, so the connection ends.
      return refuse(refusal, request)
    }
    var receiving = Receiving(request: request)
    if case .webhook = request.action {
      // Reserve no more than this on the client's word alone. Beyond it, memory is used only for bytes that have
      // arrived.
      receiving.body.reserveCapacity(min(request.contentLength ?? 0, limits.largeBodyBytes))
    }
    phase = .receiving(receiving)
    return request.expectsContinue ? .sendContinue : .nothing
  }

  /// A part of a body has arrived.
  /// - Parameter hasRoom: takes the number of new bytes and the body's total; returns whether the body may be kept.
  mutating func receive(_ bytes: some Collection<UInt8>, hasRoom: (Int, Int) -> Bool) -> ConnectionStep {
    guard case .receiving(var receiving) = phase else { return isDeciding ? .hold : .nothing }
    sawPart = true
    receiving.count += bytes.count
    guard receiving.count <= limits.bodyBytes else {
      return refuse(.tooLarge(limit: limits.bodyBytes), receiving.request)
    }
    if case .webhook = receiving.request.action {
      guard hasRoom(bytes.count, receiving.count) else { return refuse(.overloaded, receiving.request) }
      // With `phase` set to another case, `receiving` is the only owner of the body, so appending does not copy it.
      phase = .closing
      if receiving.count > limits.largeBodyBytes, receiving.body.count <= limits.largeBodyBytes {
        // Growing step by step would need twice the memory. The system provides a page of the reservation only when it
        // is written to.
        receiving.body.reserveCapacity(receiving.request.contentLength ?? 0)
      }
      receiving.body.append(contentsOf: bytes)
    }
    phase = .receiving(receiving)
    return .nothing
  }

  /// The request has arrived completely.
  mutating func receiveEnd(isDraining: Bool) -> ConnectionStep {
    guard case .receiving(let receiving) = phase else { return isDeciding ? .hold : .nothing }
    sawPart = true
    let request = receiving.request
    switch request.action {
    case .webhook(let path):
      phase = .received(Review(request: request, path: path, body: receiving.body))
      return receiving.count > limits.largeBodyBytes ? .decideElsewhere : .joinTurn
    case .health: return answer(.health, request, isDraining: isDraining)
    case .readiness: return answer(.readiness, request, isDraining: isDraining)
    case .metrics: return answer(.metrics, request, isDraining: isDraining)
    case .refuse(let refusal): return answer(.refusal(refusal), request, isDraining: isDraining)
    }
  }

  /// The bytes that arrived are not HTTP.
  mutating func receive(_ refusal: Refusal) -> ConnectionStep {
    switch phase {
    case .closing: .nothing
    case .deciding: .hold
    case .receiving(let receiving): refuse(refusal, receiving.request)
    case .handshake, .silent, .idle, .received: refuse(refusal, nil)
    }
  }

  /// Everything that was there to be read has been read.
  mutating func readCompleted(isWritable: Bool) -> ConnectionStep {
    defer { sawPart = false }
    switch phase {
    // While the client leaves its answers unread, the server waits for it to read.
    case _ where !isWritable: return .nothing
    case .idle where sawPart: return wait(.request)
    case .silent where awaited != .head, .idle where awaited != .head: return wait(.head)
    case .receiving where awaited != .body: return wait(.body)
    default: return .nothing
    }
  }

  // MARK: Answering

  /// Takes the review that has arrived completely, if there is one. The caller must pass its answer to `answered`.
  mutating func takeReview() -> Review? {
    guard case .received(let review) = phase else { return nil }
    phase = .deciding(review.request)
    return review
  }

  /// The answer to the review that was taken.
  mutating func answered(_ answer: Answer, isDraining: Bool) -> ConnectionStep {
    guard case .deciding(let request) = phase else { return .nothing }
    return self.answer(answer, request, isDraining: isDraining)
  }

  /// The answers of the event loop's turn have been sent.
  mutating func turnEnded(isWritable: Bool) -> ConnectionStep {
    if isWritable, case .idle = phase { wait(.request) } else { .nothing }
  }

  /// The client has stopped reading its answers, or reads them again.
  mutating func writabilityChanged(_ isWritable: Bool, isQuiescing: Bool) -> ConnectionStep {
    switch phase {
    case _ where !isWritable: wait(.reader)
    case .silent: isQuiescing ? end() : wait(.firstRequest)
    case .idle: isQuiescing ? end() : wait(.request)
    case .receiving: wait(.body)
    case .handshake, .received, .deciding, .closing: .nothing
    }
  }

  private mutating func answer(_ answer: Answer, _ request: Request, isDraining: Bool) -> ConnectionStep {
    // While the server drains, each answer closes its connection, so that clients reconnect elsewhere and no request
    // meets a connection that is being closed.
    guard request.keepsAlive, !isDraining else { return last(answer, request) }
    phase = .idle
    return .answer(answer, AnswerForm(persistence: request.isHTTP10 ? .keepAlive : .implied, isHead: request.isHead))
  }

  /// Answers before the request has been read completely. The connection ends, because the start of the next request
  /// cannot be found.
  private mutating func refuse(_ refusal: Refusal, _ request: Request?) -> ConnectionStep {
    last(.refusal(refusal), request)
  }

  private mutating func last(_ answer: Answer, _ request: Request?) -> ConnectionStep {
    _ = end()
    return .answer(answer, AnswerForm(persistence: .close, isHead: request?.isHead ?? false))
  }

  private mutating func end() -> ConnectionStep {
    phase = .closing
    awaited = .reader
    return .end
  }

  private mutating func wait(_ awaited: Awaited) -> ConnectionStep {
    self.awaited = awaited
    return .wait(awaited)
  }
}
