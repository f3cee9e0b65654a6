import NIOHTTP1
import Testing

@testable import WebhookServer

/// The rules of a connection, without its socket.
@Suite struct ConnectionStateTests {
  /// The events of a connection.
  enum Event {
    case handshake
    case handshakeWhileGoing
    case quiesce
    case head(HTTPRequestHead)
    case body(Int)
    case bodyWithoutRoom
    case end
    case endWhileDraining
    case malformed
    case readCompleted
    case readCompletedWhileUnread
    case turn(Answer)
    case turnWhileDraining(Answer)
    case turnEnded
    case unread
    case readOn
    case readOnWhileGoing
    case timedOut
    case timedOutInACrowd
    case makeRoom(ConnectionPolicy.Activity)
    case makeRoomForABody
    case take
    case answered(Answer)
    case ended

    /// Passes the event to a connection. The review of a turn is taken and answered, as a turn does.
    func tell(_ connection: inout ConnectionState) -> ConnectionStep {
      switch self {
      case .handshake: connection.handshakeCompleted(isQuiescing: false)
      case .handshakeWhileGoing: connection.handshakeCompleted(isQuiescing: true)
      case .quiesce: connection.quiesce()
      case .head(let head): connection.receive(Request(head, at: .webhook))
      case .body(let count):
        connection.receive([UInt8](repeating: 0x20, count: count), hasRoom: { $0 == count && $1 >= count })
      case .bodyWithoutRoom: connection.receive([0x20], hasRoom: { _, _ in false })
      case .end: connection.receiveEnd(isDraining: false)
      case .endWhileDraining: connection.receiveEnd(isDraining: true)
      case .malformed: connection.receive(Refusal.malformed)
      case .readCompleted: connection.readCompleted(isWritable: true)
      case .readCompletedWhileUnread: connection.readCompleted(isWritable: false)
      case .turn(let answer):
        connection.takeReview() == nil ? .nothing : connection.answered(answer, isDraining: false)
      case .turnWhileDraining(let answer):
        connection.takeReview() == nil ? .nothing : connection.answered(answer, isDraining: true)
      case .turnEnded: connection.turnEnded(isWritable: true)
      case .unread: connection.writabilityChanged(false, isQuiescing: false)
      case .readOn: connection.writabilityChanged(true, isQuiescing: false)
      case .readOnWhileGoing: connection.writabilityChanged(true, isQuiescing: true)
      case .timedOut: connection.timedOut(isCrowded: false)
      case .timedOutInACrowd: connection.timedOut(isCrowded: true)
      case .makeRoom(let activity): connection.makeRoom(as: activity)
      case .makeRoomForABody: connection.makeRoom()
      case .take: connection.takeReview() == nil ? .end : .nothing
      case .answered(let answer): connection.answered(answer, isDraining: false)
      case .ended: connection.ended()
      }
    }
  }

  struct Case: CustomTestStringConvertible {
    let testDescription: String
    var isSurplus = false
    /// Events, and the expected step after each.
    let course: [(Event, ConnectionStep)]
  }

  private static func head(
    _ method: HTTPMethod, _ path: String, _ version: HTTPVersion = .http1_1, _ fields: HTTPHeaders = [:]
  ) -> Event {
    var headers: HTTPHeaders = ["host": "h", "content-type": "application/json"]
    headers.add(contentsOf: fields)
    return .head(HTTPRequestHead(version: version, method: method, uri: path, headers: headers))
  }

  private static func last(_ answer: Answer, isHead: Bool = false) -> ConnectionStep {
    .answer(answer, AnswerForm(persistence: .close, isHead: isHead))
  }

  private static func kept(_ answer: Answer, _ persistence: Persistence = .implied, isHead: Bool = false)
    -> ConnectionStep
  {
    .answer(answer, AnswerForm(persistence: persistence, isHead: isHead))
  }

  private static let review = head(.POST, "/mutate", .http1_1, ["content-length": "2"])
  private static let decision = Answer.decision(WebhookReply(status: 200, body: [0x7B, 0x7D]))
  private static let limit = 10
  private static let limits = ConnectionState.Limits(bodyBytes: limit, largeBodyBytes: 5, silenceChecks: 3)

  static let cases = [
    Case(
      testDescription: "a review",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.body(2), .nothing), (.end, .joinTurn),
        (.readCompleted, .nothing), (.turn(decision), kept(decision)), (.turnEnded, .wait(.request)),
        (.timedOut, .cut(.request)),
      ]),
    Case(
      testDescription: "a review in two parts",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.body(1), .nothing), (.readCompleted, .wait(.body)),
        (.readCompleted, .nothing), (.body(1), .nothing), (.end, .joinTurn), (.readCompleted, .nothing),
        (.timedOut, .wait(.request)), (.turn(decision), kept(decision)),
      ]),
    Case(
      testDescription: "a head in two parts",
      course: [
        (.handshake, .wait(.firstRequest)), (.readCompleted, .wait(.head)), (.readCompleted, .nothing),
        (head(.GET, "/healthz"), .nothing), (.end, kept(.health)), (.readCompleted, .wait(.request)),
        (.readCompleted, .wait(.head)), (.timedOut, .cut(.head)), (head(.GET, "/healthz"), .nothing),
      ]),
    Case(
      testDescription: "what is not answered by the webhook",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.GET, "/readyz"), .nothing), (.end, kept(.readiness)),
        (head(.HEAD, "/healthz"), .nothing), (.end, kept(.health, isHead: true)),
        (head(.GET, "/metrics"), .nothing), (.end, kept(.refusal(.notFound))),
        (head(.GET, "/mutate"), .nothing), (.end, kept(.refusal(.postOnly))),
        (head(.GET, "/healthz", .http1_0, ["connection": "keep-alive"]), .nothing),
        (.end, kept(.health, .keepAlive)), (head(.GET, "/healthz", .http1_0), .nothing), (.end, last(.health)),
      ]),
    Case(
      testDescription: "while draining, each answer is the last",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.body(2), .nothing), (.end, .joinTurn),
        (.turnWhileDraining(decision), last(decision)), (review, .nothing), (.body(2), .nothing), (.end, .nothing),
        (.turn(decision), .nothing), (.ended, .wait(.close)), (.timedOut, .cut(.close)),
      ]),
    Case(
      testDescription: "a probe while draining",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.GET, "/readyz"), .nothing), (.endWhileDraining, last(.readiness)),
      ]),
    Case(
      testDescription: "too long, as the head says",
      course: [
        (.handshake, .wait(.firstRequest)),
        (head(.POST, "/mutate", .http1_1, ["content-length": "11"]), last(.refusal(.tooLarge(limit: limit)))),
        (.body(11), .nothing), (.end, .nothing), (.malformed, .nothing),
      ]),
    Case(
      testDescription: "too long, as it comes, wherever it goes",
      course: [
        (.handshake, .wait(.firstRequest)),
        (head(.POST, "/nowhere", .http1_1, ["transfer-encoding": "chunked"]), .nothing),
        (.body(6), .nothing), (.body(6), last(.refusal(.tooLarge(limit: limit)))),
      ]),
    Case(
      testDescription: "no room",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.body(1), .nothing),
        (.bodyWithoutRoom, last(.refusal(.overloaded))), (.end, .nothing),
      ]),
    Case(
      testDescription: "no room is needed for what is refused",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.PUT, "/mutate", .http1_1, ["content-length": "1"]), .nothing),
        (.bodyWithoutRoom, .nothing), (.end, kept(.refusal(.postOnly))),
      ]),
    Case(
      testDescription: "a client that waits for word",
      course: [
        (.handshake, .wait(.firstRequest)),
        (head(.POST, "/mutate", .http1_1, ["content-length": "2", "expect": "100-continue"]), .sendContinue),
        (.body(2), .nothing), (.end, .joinTurn), (.turn(decision), kept(decision)),
        (
          head(.POST, "/nowhere", .http1_1, ["content-length": "2", "expect": "100-continue"]),
          last(.refusal(.notFound))
        ),
      ]),
    Case(
      testDescription: "one of too many", isSurplus: true,
      course: [(.handshake, .wait(.firstRequest)), (review, last(.refusal(.tooManyConnections))), (.end, .nothing)]),
    Case(
      testDescription: "no HTTP",
      course: [(.handshake, .wait(.firstRequest)), (.malformed, last(.refusal(.malformed))), (.malformed, .nothing)]),
    Case(
      testDescription: "no HTTP within a HEAD",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.HEAD, "/healthz", .http1_1, ["content-length": "2"]), .nothing),
        (.malformed, last(.refusal(.malformed), isHead: true)),
      ]),
    Case(
      testDescription: "a client that says nothing",
      course: [
        (.handshake, .wait(.firstRequest)), (.timedOut, .wait(.firstRequest)), (.timedOut, .wait(.firstRequest)),
        (.timedOut, .cut(.request)), (.handshakeWhileGoing, .wait(.close)),
      ]),
    Case(
      testDescription: "a client that says nothing, in a crowd",
      course: [
        (.handshake, .wait(.firstRequest)), (.timedOut, .wait(.firstRequest)),
        (.timedOutInACrowd, .cut(.firstRequest)),
      ]),
    Case(
      testDescription: "a client that was served is not cut in a crowd",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.GET, "/healthz"), .nothing), (.end, kept(.health)),
        (.readCompleted, .wait(.request)), (.makeRoom(.silent), .stay), (.makeRoom(.idle), .leave),
        (head(.GET, "/healthz"), .nothing),
      ]),
    Case(
      testDescription: "one that is to go for another, before it was served",
      course: [(.makeRoom(.silent), .leave), (.makeRoom(.silent), .stay), (.timedOut, .cut(.handshake))]),
    Case(
      testDescription: "one that has had a request meanwhile stays",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.makeRoom(.silent), .stay), (.body(2), .nothing),
        (.end, .joinTurn), (.makeRoom(.owing), .stay), (.makeRoom(.busy), .stay), (.turn(decision), kept(decision)),
      ]),
    Case(
      testDescription: "one that owes the rest of its request",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.body(1), .nothing), (.makeRoom(.owing), .leave),
        (.body(1), .nothing), (.end, .nothing),
      ]),
    Case(
      testDescription: "a body that is to go for another",
      course: [
        (.handshake, .wait(.firstRequest)), (.makeRoomForABody, .nothing), (review, .nothing), (.body(1), .nothing),
        (.makeRoomForABody, last(.refusal(.overloaded))), (.body(1), .nothing), (.end, .nothing),
        (.makeRoomForABody, .nothing),
      ]),
    Case(
      testDescription: "a body that was to go, and is all there, stays",
      course: [
        (.handshake, .wait(.firstRequest)), (review, .nothing), (.body(2), .nothing), (.end, .joinTurn),
        (.makeRoomForABody, .nothing), (.turn(decision), kept(decision)),
      ]),
    Case(
      testDescription: "a large review: what comes behind it is held",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.POST, "/mutate", .http1_1, ["content-length": "6"]), .nothing),
        (.body(5), .nothing), (.body(1), .nothing), (.end, .decideElsewhere), (.take, .nothing),
        (.readCompleted, .nothing), (review, .hold), (.body(2), .hold), (.end, .hold), (.malformed, .hold),
        (.timedOut, .wait(.request)), (.quiesce, .nothing), (.makeRoom(.busy), .stay), (.makeRoomForABody, .nothing),
        (.answered(decision), kept(decision)), (review, .nothing), (.body(2), .nothing), (.end, .joinTurn),
        (.turn(decision), kept(decision)), (.malformed, last(.refusal(.malformed))),
      ]),
    Case(testDescription: "no handshake", course: [(.timedOut, .cut(.handshake))]),
    Case(
      testDescription: "a client that does not read",
      course: [
        (.handshake, .wait(.firstRequest)), (.unread, .wait(.reader)), (.readCompletedWhileUnread, .nothing),
        (review, .nothing), (.readCompletedWhileUnread, .nothing), (.readOn, .wait(.body)), (.unread, .wait(.reader)),
        (.body(2), .nothing), (.end, .joinTurn), (.timedOut, .cut(.reader)), (.turn(decision), .nothing),
      ]),
    Case(
      testDescription: "a client that reads on",
      course: [
        (.handshake, .wait(.firstRequest)), (.unread, .wait(.reader)), (.readOn, .wait(.firstRequest)),
        (.unread, .wait(.reader)), (.readOnWhileGoing, .end), (.unread, .wait(.reader)), (.ended, .wait(.close)),
      ]),
    Case(
      testDescription: "the server goes: one that was not served yet is heard",
      course: [
        (.handshake, .wait(.firstRequest)), (.quiesce, .wait(.close)), (review, .nothing), (.body(2), .nothing),
        (.end, .joinTurn), (.turnWhileDraining(decision), last(decision)),
      ]),
    Case(
      testDescription: "the server goes: one that was served ends",
      course: [
        (.handshake, .wait(.firstRequest)), (head(.GET, "/healthz"), .nothing), (.end, kept(.health)),
        (.readCompleted, .wait(.request)), (.quiesce, .end), (.ended, .wait(.close)),
      ]),
    Case(
      testDescription: "the server goes: what is in flight is finished",
      course: [
        (.handshakeWhileGoing, .wait(.close)), (review, .nothing), (.quiesce, .nothing), (.readCompleted, .wait(.body)),
        (.body(2), .nothing), (.end, .joinTurn), (.quiesce, .nothing), (.turn(decision), kept(decision)),
      ]),
    Case(
      testDescription: "the server goes: a head that has begun is waited for",
      course: [(.handshake, .wait(.firstRequest)), (.readCompleted, .wait(.head)), (.quiesce, .nothing)]),
  ]

  @Test(arguments: cases) func doesAsItIsTold(_ example: Case) {
    var connection = ConnectionState(at: .webhook, Self.limits, isSurplus: example.isSurplus)
    for (number, (event, step)) in example.course.enumerated() {
      #expect(event.tell(&connection) == step, "event \(number), \(event)")
      switch step {
      case .wait(let awaited): #expect(connection.awaited == awaited)
      case .end: #expect(connection.awaited == .reader)
      case .answer(_, let form): #expect(connection.isClosing == (form.persistence == .close))
      case .cut: #expect(connection.isClosing)
      default: break
      }
    }
  }

  @Test func aRequestIsInFlightFromItsHeadToItsAnswer() {
    var connection = ConnectionState(at: .webhook, Self.limits, isSurplus: false)
    for (event, isInFlight) in [
      (.handshake, false), (Self.review, true), (.body(2), true), (.end, true), (.turn(Self.decision), false),
      (Self.review, true), (.timedOut, false),
    ] as [(Event, Bool)] {
      _ = event.tell(&connection)
      #expect(connection.isInFlight == isInFlight, "\(event)")
    }
  }

  @Test func theReviewThatIsTakenIsTheOneThatCame() {
    var connection = ConnectionState(at: .webhook, Self.limits, isSurplus: false)
    _ = connection.handshakeCompleted(isQuiescing: false)
    _ = Self.review.tell(&connection)
    for byte in "{}".utf8 { _ = connection.receive([byte], hasRoom: { _, _ in true }) }
    #expect(connection.takeReview()?.body == nil)
    _ = connection.receiveEnd(isDraining: false)
    let review = connection.takeReview()
    #expect(review?.path == .mutate)
    #expect(review?.body == Array("{}".utf8))
    #expect(connection.takeReview()?.body == nil)
    #expect(connection.isInFlight)
    connection.closed()
    #expect(connection.answered(Self.decision, isDraining: false) == .nothing)
  }

  @Test func thePortOfOperationsHasNoHandshake() {
    var connection = ConnectionState(at: .operations, Self.limits, isSurplus: false)
    #expect(connection.awaited == .firstRequest)
    let request = Request(
      HTTPRequestHead(version: .http1_1, method: .GET, uri: "/metrics", headers: ["host": "h"]), at: .operations)
    #expect(connection.receive(request) == .nothing)
    #expect(connection.receiveEnd(isDraining: false) == Self.kept(.metrics))
  }
}
