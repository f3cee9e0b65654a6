/// The rules of one connection, without its socket: events go in, and what is to be done comes out.
///
/// Requests are answered in their order. A review is answered at the end of the event loop's turn, or when the next
/// request comes; everything else at once. What a phase knows stands in its case.
struct ConnectionState {
  private enum Phase {
    case handshake
    /// Between two requests, or within the head of one.
    case idle(servedAny: Bool)
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
  private let maximumBodyBytes: Int
  private let isSurplus: Bool

  /// - Parameter isSurplus: there are too many connections, and this one is told so.
  init(at port: Request.Port, maximumBodyBytes: Int, isSurplus: Bool) {
    self.maximumBodyBytes = maximumBodyBytes
    self.isSurplus = isSurplus
    switch port {
    case .webhook: (phase, awaited) = (.handshake, .handshake)
    case .operations: (phase, awaited) = (.idle(servedAny: false), .request)
    }
  }

  /// A request has begun, and its answer is not made yet.
  var isInFlight: Bool {
    switch phase {
    case .receiving, .received, .deciding: true
    case .handshake, .idle, .closing: false
    }
  }

  var isClosing: Bool {
    if case .closing = phase { true } else { false }
  }

  /// Whether what is to be decided may take long. A Pod's review has some 6,000 bytes.
  var isLarge: Bool {
    if case .received(let review) = phase { review.body.count > 64 << 10 } else { false }
  }

  // MARK: Life

  mutating func handshakeCompleted(isQuiescing: Bool) -> ConnectionStep {
    phase = .idle(servedAny: false)
    // A client that has just connected is about to send, so it is heard even when the server is going.
    return wait(isQuiescing ? .close : .request)
  }

  /// The server is going.
  mutating func quiesce() -> ConnectionStep {
    guard case .idle(let servedAny) = phase, awaited == .request else { return .nothing }
    return servedAny ? end() : wait(.close)
  }

  /// What is waited for did not come in time.
  mutating func timedOut() -> ConnectionStep {
    switch phase {
    // It is about to be answered: the client has done all that it must.
    case .received where awaited != .reader, .deciding where awaited != .reader: return wait(.request)
    default:
      phase = .closing
      return .cut(awaited)
    }
  }

  /// The last answer has left, and the sending side is closed: the client's closing does the rest.
  mutating func ended() -> ConnectionStep { wait(.close) }

  /// The connection is gone.
  mutating func closed() { phase = .closing }

  // MARK: Reading

  /// The head of a request came. A review that is all there must have been taken before.
  mutating func receive(_ request: Request) -> ConnectionStep {
    guard case .idle = phase else { return .nothing }
    sawPart = true
    if isSurplus { return refuse(.tooManyConnections, request) }
    if request.contentLength ?? 0 > maximumBodyBytes { return refuse(.tooLarge(limit: maximumBodyBytes), request) }
    if request.expectsContinue, case .refuse(let refusal) = request.action {
      // A refusal spares the client the body; as it may send it all the same, the connection ends.
      return refuse(refusal, request)
    }
    var receiving = Receiving(request: request)
    if case .webhook = request.action {
      // What the client says it will send is not believed beyond this: memory is given for what has come.
      receiving.body.reserveCapacity(min(request.contentLength ?? 0, 64 << 10))
    }
    phase = .receiving(receiving)
    return request.expectsContinue ? .sendContinue : .nothing
  }

  /// A part of a body came.
  /// - Parameter hasRoom: whether so many bytes more may be kept.
  mutating func receive(_ bytes: some Collection<UInt8>, hasRoom: (Int) -> Bool) -> ConnectionStep {
    guard case .receiving(var receiving) = phase else { return .nothing }
    sawPart = true
    receiving.count += bytes.count
    guard receiving.count <= maximumBodyBytes else {
      return refuse(.tooLarge(limit: maximumBodyBytes), receiving.request)
    }
    if case .webhook = receiving.request.action {
      guard hasRoom(bytes.count) else { return refuse(.overloaded, receiving.request) }
      // Its only owner appends in place.
      phase = .closing
      receiving.body.append(contentsOf: bytes)
    }
    phase = .receiving(receiving)
    return .nothing
  }

  /// A request is all there.
  mutating func receiveEnd(isDraining: Bool) -> ConnectionStep {
    guard case .receiving(let receiving) = phase else { return .nothing }
    sawPart = true
    let request = receiving.request
    switch request.action {
    case .webhook(let path):
      phase = .received(Review(request: request, path: path, body: receiving.body))
      return .joinTurn
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
    case .receiving(let receiving): refuse(refusal, receiving.request)
    case .handshake, .idle, .received, .deciding: refuse(refusal, nil)
    }
  }

  /// All that was there to be read is read.
  mutating func readCompleted(isWritable: Bool) -> ConnectionStep {
    defer { sawPart = false }
    switch phase {
    // As long as the client leaves its answers unread, that is what is waited for.
    case _ where !isWritable: return .nothing
    case .idle where sawPart: return wait(.request)
    case .idle where awaited != .head: return wait(.head)
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
    case .idle: isQuiescing ? end() : wait(.request)
    case .receiving: wait(.body)
    case .handshake, .received, .deciding, .closing: .nothing
    }
  }

  private mutating func answer(_ answer: Answer, _ request: Request, isDraining: Bool) -> ConnectionStep {
    // While draining, clients are sent elsewhere with each answer: no connection is then closed under a request.
    guard request.keepsAlive, !isDraining else { return last(answer, request) }
    phase = .idle(servedAny: true)
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
