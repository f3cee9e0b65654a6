/// The rules of one connection, without its socket: events go in, and what is to be done comes out.
///
/// Requests are answered in their order. A review is answered at the end of the event loop's turn, or when the next
/// request comes; a large one when it has been decided elsewhere, and what comes meanwhile is held; everything else at
/// once. What a phase knows stands in its case.
struct ConnectionState {
  private enum Phase {
    case handshake
    /// Before the end of the first request's head. It is looked at so many times more whether there is a crowd.
    case silent(checksLeft: Int)
    /// Between two requests, or within the head of one.
    case idle
    /// The head is there, and not the end.
    case receiving(Receiving)
    /// A review is all there.
    case received(Review)
    /// The review is out of our hands, until its answer is given back.
    case deciding(Request)
    /// The last answer is written: what still comes is dropped.
    case closing
  }

  private struct Receiving {
    let request: Request
    /// What is kept of the body.
    var body: [UInt8] = []
    /// How many bytes of the body came, kept or not.
    var count = 0
  }

  /// A review that is all there.
  struct Review {
    fileprivate let request: Request
    let path: WebhookPath
    let body: [UInt8]
  }

  /// What is waited for.
  private(set) var awaited: Awaited
  private var phase: Phase
  /// A request, or a part of one, came since the last `readCompleted`.
  private var sawPart = false
  private let limits: Limits
  private let isSurplus: Bool

  /// What is taken of one connection.
  struct Limits {
    var bodyBytes: Int
    /// A review above it is decided elsewhere.
    var largeBodyBytes: Int
    /// How many times it is looked whether there is a crowd, before a connection that says nothing is closed anyway.
    var silenceChecks: Int
  }

  /// - Parameter isSurplus: there are too many connections, and this one is told so.
  init(at port: Request.Port, _ limits: Limits, isSurplus: Bool) {
    self.limits = limits
    self.isSurplus = isSurplus
    switch port {
    case .webhook: (phase, awaited) = (.handshake, .handshake)
    case .operations: (phase, awaited) = (.silent(checksLeft: limits.silenceChecks), .firstRequest)
    }
  }

  /// A request has begun, and its answer is not made yet.
  var isInFlight: Bool {
    switch phase {
    case .receiving, .received, .deciding: true
    case .handshake, .silent, .idle, .closing: false
    }
  }

  /// Its review is being decided elsewhere.
  var isDeciding: Bool {
    if case .deciding = phase { true } else { false }
  }

  var isClosing: Bool {
    if case .closing = phase { true } else { false }
  }

  /// What it does, for those who seek a place.
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
    // A client that has just connected is about to send, so it is heard even when the server is going.
    return wait(isQuiescing ? .close : .firstRequest)
  }

  /// The server is going.
  mutating func quiesce() -> ConnectionStep {
    switch (phase, awaited) {
    case (.silent, .firstRequest): wait(.close)
    case (.idle, .request): end()
    default: .nothing
    }
  }

  /// What is waited for did not come in time.
  /// - Parameter isCrowded: more than half of the places are taken.
  mutating func timedOut(isCrowded: Bool) -> ConnectionStep {
    switch (phase, awaited) {
    // It is about to be answered: the client has done all that it must.
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

  /// Another connection needs the place.
  /// - Parameter activity: what it did when it was chosen.
  mutating func makeRoom(as activity: ConnectionPolicy.Activity) -> ConnectionStep {
    guard activity == self.activity, activity != .busy else { return .stay }
    phase = .closing
    return .leave
  }

  /// Another body needs the room.
  mutating func makeRoom() -> ConnectionStep {
    if case .receiving(let receiving) = phase { refuse(.overloaded, receiving.request) } else { .nothing }
  }

  /// The last answer has left, and the sending side is closed: the client's closing does the rest.
  mutating func ended() -> ConnectionStep { wait(.close) }

  /// The connection is gone.
  mutating func closed() { phase = .closing }

  // MARK: Reading

  /// The head of a request came. A review that is all there must have been taken before.
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
      // A refusal spares the client the body; as it may send it all the same, the connection ends.
      return refuse(refusal, request)
    }
    var receiving = Receiving(request: request)
    if case .webhook = request.action {
      // What the client says it will send is not believed beyond this: memory is given for what has come.
      receiving.body.reserveCapacity(min(request.contentLength ?? 0, limits.largeBodyBytes))
    }
    phase = .receiving(receiving)
    return request.expectsContinue ? .sendContinue : .nothing
  }

  /// A part of a body came.
  /// - Parameter hasRoom: whether a body may be kept that has grown by so many bytes to so many.
  mutating func receive(_ bytes: some Collection<UInt8>, hasRoom: (Int, Int) -> Bool) -> ConnectionStep {
    guard case .receiving(var receiving) = phase else { return isDeciding ? .hold : .nothing }
    sawPart = true
    receiving.count += bytes.count
    guard receiving.count <= limits.bodyBytes else {
      return refuse(.tooLarge(limit: limits.bodyBytes), receiving.request)
    }
    if case .webhook = receiving.request.action {
      guard hasRoom(bytes.count, receiving.count) else { return refuse(.overloaded, receiving.request) }
      // Its only owner appends in place.
      phase = .closing
      if receiving.count > limits.largeBodyBytes, receiving.body.count <= limits.largeBodyBytes {
        // Growing would take twice the memory. The system gives no page of this before it is written to.
        receiving.body.reserveCapacity(receiving.request.contentLength ?? 0)
      }
      receiving.body.append(contentsOf: bytes)
    }
    phase = .receiving(receiving)
    return .nothing
  }

  /// A request is all there.
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

  /// What came is no HTTP.
  mutating func receive(_ refusal: Refusal) -> ConnectionStep {
    switch phase {
    case .closing: .nothing
    case .deciding: .hold
    case .receiving(let receiving): refuse(refusal, receiving.request)
    case .handshake, .silent, .idle, .received: refuse(refusal, nil)
    }
  }

  /// All that was there to be read is read.
  mutating func readCompleted(isWritable: Bool) -> ConnectionStep {
    defer { sawPart = false }
    switch phase {
    // As long as the client leaves its answers unread, that is what is waited for.
    case _ where !isWritable: return .nothing
    case .idle where sawPart: return wait(.request)
    case .silent where awaited != .head, .idle where awaited != .head: return wait(.head)
    case .receiving where awaited != .body: return wait(.body)
    default: return .nothing
    }
  }

  // MARK: Answering

  /// Takes the review that is all there, if there is one; its answer is to be given to `answered`.
  mutating func takeReview() -> Review? {
    guard case .received(let review) = phase else { return nil }
    phase = .deciding(review.request)
    return review
  }

  /// The review that was taken has its answer.
  mutating func answered(_ answer: Answer, isDraining: Bool) -> ConnectionStep {
    guard case .deciding(let request) = phase else { return .nothing }
    return self.answer(answer, request, isDraining: isDraining)
  }

  /// What was answered in the event loop's turn is sent.
  mutating func turnEnded(isWritable: Bool) -> ConnectionStep {
    if isWritable, case .idle = phase { wait(.request) } else { .nothing }
  }

  /// The client has begun to leave its answers unread, or has read on.
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
    // While draining, clients are sent elsewhere with each answer: no connection is then closed under a request.
    guard request.keepsAlive, !isDraining else { return last(answer, request) }
    phase = .idle
    return .answer(answer, AnswerForm(persistence: request.isHTTP10 ? .keepAlive : .implied, isHead: request.isHead))
  }

  /// Answers before the request has been read. The connection ends, as its next request cannot be found.
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
