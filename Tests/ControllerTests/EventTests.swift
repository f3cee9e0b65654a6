import DatabaseSpec
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import NIOHTTP1
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import Controller

/// What is told by Events, and what becomes of one that cannot be written.
@Suite struct EventTests {
  /// An API server that takes Events as the test wants it.
  private final class Server: Sendable {
    /// Nil: it takes them.
    private let refusal: Mutex<FakeServer.Answer?>

    init(_ refusal: FakeServer.Answer?) { self.refusal = Mutex(refusal) }

    func refuse(_ answer: FakeServer.Answer?) { refusal.withLock { $0 = answer } }

    func answer(_ request: FakeServer.Request) -> FakeServer.Answer {
      guard request.path.contains("/events") else { return .status(503, "ServiceUnavailable", "not now") }
      return refusal.withLock { $0 } ?? .json(200, "{}")
    }

    /// The names of the Events that were sent.
    static func sent(_ fake: FakeServer) -> [String] {
      fake.requests.filter { $0.path.hasSuffix("/events") }.compactMap { request in
        (try? json(request.body))?["metadata"]?["name"]?.string
      }
    }
  }

  private static func notice(
    _ number: Int = 1, reason: Notice.Reason = .conflict, name: String = "db", message: String = "two declare"
  ) -> Notice {
    Notice(reason, of: .init(apiVersion: "v1", kind: "Pod", name: name, uid: "\(number)"), in: "shops", message)
  }

  /// The Events that were sent from the one of this number on.
  private static func events(_ fake: FakeServer, from number: Int) throws -> [JSONValue] {
    try fake.requests.filter { $0.path.hasSuffix("/events") }.dropFirst(number).map { try json($0.body) }
  }

  private func recording(
    _ refusal: FakeServer.Answer?, _ test: (Server, FakeServer, EventRecorder, LoggedLines) async throws -> Void
  ) async throws {
    let (server, log) = (Server(refusal), LoggedLines())
    try await controlling({ _, request in server.answer(request) }) { fake, controller, _ in
      try await test(server, fake, EventRecorder(controller.client, ControllerSettings(), log.logger), log)
    }
  }

  @Test(arguments: [403, 500]) func oneThatWasNotWrittenIsSentAgainUnderItsName(code: Int) async throws {
    try await recording(.status(code, "Refused", "a webhook failed")) { server, fake, events, log in
      // A replica that does not lead at the moment has told nothing.
      await events.tell([Self.notice()], mayWrite: { false })
      #expect(Server.sent(fake).isEmpty)
      await events.tell([Self.notice()], mayWrite: { true })
      let tries = Server.sent(fake).count
      #expect(tries > 0)
      let line = try #require(log.all.first)
      for part in ["reason=Conflict", "object=Pod shops/db", "message=two declare", "a webhook failed"] {
        #expect(line.contains(part), "\(line)")
      }
      server.refuse(nil)
      // It counts as told.
      await events.tell([Self.notice()], mayWrite: { true })
      await events.sendAgain(mayWrite: { false })
      #expect(Server.sent(fake).count == tries)
      for _ in 0..<2 { await events.sendAgain(mayWrite: { true }) }
      #expect(Server.sent(fake).count == tries + 1 && Set(Server.sent(fake)).count == 1)
      await events.tell([Self.notice()], mayWrite: { true })
      #expect(Server.sent(fake).count == tries + 1)
    }
  }

  @Test func oneThatIsSentLateSaysWhenItHappenedAndTheOldestOfAnObjectIsFirst() async throws {
    try await recording(.status(403, "Refused", "a webhook failed")) { server, fake, events, _ in
      let reasons: [Notice.Reason] = [.noService, .failed, .missingReference, .conflict, .notInjected]
      let before = SystemClock.timestamp()
      for reason in reasons {
        for object in 1...2 { await events.tell([Self.notice(object, reason: reason)], mayWrite: { true }) }
      }
      let (tries, after) = (Server.sent(fake).count, SystemClock.timestamp())
      #expect(try await eventually { SystemClock.timestamp() > after })
      server.refuse(nil)
      await events.sendAgain(mayWrite: { true })
      let sent = try Self.events(fake, from: tries)
      for uid in ["1", "2"] {
        let told = sent.filter { $0["involvedObject"]?["uid"]?.string == uid }
        #expect(told.map { $0["reason"]?.string } == reasons.map(\.rawValue))
      }
      for event in sent {
        for time in ["firstTimestamp", "lastTimestamp"] {
          let text = event[time]?.string ?? ""
          #expect(text >= before && text <= after, "\(text)")
        }
      }
    }
  }

  /// Of the outcomes in Postgres, only the last one holds.
  @Test(arguments: [(Notice.Reason.provisioningFailed, Notice.Reason.provisioned), (.provisioned, .provisioningFailed)])
  func anOutcomeThatAnotherHasFollowedIsNotSentLate(first: Notice.Reason, last: Notice.Reason) async throws {
    try await recording(.status(403, "Refused", "a webhook failed")) { server, fake, events, _ in
      let firsts = [Self.notice(reason: first, message: "a"), Self.notice(reason: first, message: "b")]
      await events.tell(firsts + [Self.notice(2, reason: first), Self.notice(reason: .failed)], mayWrite: { true })
      await events.tell([Self.notice(reason: last)], mayWrite: { true })
      let tries = Server.sent(fake).count
      server.refuse(nil)
      await events.sendAgain(mayWrite: { true })
      let sent = try Self.events(fake, from: tries).map { event in
        "\(event["involvedObject"]?["uid"]?.string ?? "") \(event["reason"]?.string ?? "")"
      }
      #expect(sent.sorted() == ["1 Failed", "1 \(last.rawValue)", "2 \(first.rawValue)"].sorted())
      // It comes again when it is so again.
      await events.tell(firsts, mayWrite: { true })
      #expect(try Self.events(fake, from: tries + sent.count).count == 2)
    }
  }

  /// Nor what a pass has found mended.
  @Test func whatIsCarriedOutAfterAllIsNotSentLate() async throws {
    let users = "[{name: shop, passwordFrom: {secret: login, key: pw}}]"
    let store = try ObjectStore([Sample(annotations: ["postern.io/users": users], uid: "1")])
    let isRefused = Mutex(true)
    let refused = Mutex(Set<String>())
    let script: FakeServer.Script = { _, request in
      guard request.path.hasSuffix("/events"), isRefused.withLock({ $0 }) else { return store.answer(request) }
      refused.withLock { _ = $0.insert((try? json(request.body))?["reason"]?.string ?? "") }
      return .status(403, "Forbidden", "not this time")
    }
    try await controlling(script) { _, controller, _ in
      try await leading(controller) { () async throws in
        #expect(try await eventually { refused.withLock { $0.isSuperset(of: ["MissingReference", "NoService"]) } })
        store.put(
          try json(#"{"metadata":{"name":"login"},"data":{"pw":"Z2l2ZW4tcGFzc3dvcmQ="}}"#),
          at: "/api/v1/namespaces/shops/secrets/login")
        let key = CustomerKey(namespace: "shops", customer: "acme")
        #expect(
          try await eventually {
            controller.queue.add([key])
            return controller.instances[key].problems.map(\.reason) == [.noService]
          })
        isRefused.withLock { $0 = false }
        await controller.events.sendAgain(mayWrite: { true })
        let told = { store.writes.compactMap { $0.object["reason"]?.string } }
        #expect(try await eventually { told().contains("NoService") && told().contains("ObjectsWritten") })
        #expect(!told().contains("MissingReference"))
      }
    }
  }

  /// What another try could not change, or nobody would read.
  @Test(arguments: [
    (404, "NotFound", "no such namespace", true), (409, "AlreadyExists", "it exists", false),
    (403, "Forbidden", "unable to create new content in namespace shops because it is being terminated", true),
  ])
  func whatAnotherTryDoesNotChangeIsNotSentAgain(
    code: Int, reason: String, message: String, isForgotten: Bool
  ) async throws {
    try await recording(.status(code, reason, message)) { server, fake, events, log in
      await events.tell([Self.notice()], mayWrite: { true })
      await events.sendAgain(mayWrite: { true })
      #expect(Server.sent(fake).count == 1 && log.all.count == (isForgotten ? 1 : 0))
      await events.tell([Self.notice()], mayWrite: { true })
      #expect(Server.sent(fake).count == (isForgotten ? 2 : 1))
    }
  }

  @Test func afterTenMinutesAndAfterTheTermItIsForgotten() async throws {
    try await recording(.status(403, "Forbidden", "a policy")) { server, fake, events, log in
      await events.tell([Self.notice()], mayWrite: { true })
      let later = ContinuousClock.now + .seconds(601)
      for _ in 0..<2 { await events.sendAgain(at: later, mayWrite: { true }) }
      #expect(Server.sent(fake).count == 2 && log.all.count == 2)
      await events.tell([Self.notice()], mayWrite: { true })
      #expect(Server.sent(fake).count == 3)
      events.forgetUnsent()
      await events.sendAgain(mayWrite: { true })
      #expect(Server.sent(fake).count == 3)
      server.refuse(nil)
      await events.tell([Self.notice()], mayWrite: { true })
      #expect(Server.sent(fake).count == 4)
    }
  }

  @Test func aThousandAreKeptAndWhereMuchIsRefusedTheOthersWait() async throws {
    try await recording(.status(403, "Forbidden", "a policy")) { server, fake, events, _ in
      let notices = (0..<1001).map { Self.notice($0) }
      await events.tell(notices, mayWrite: { true })
      await events.sendAgain(mayWrite: { true })
      #expect(Server.sent(fake).count == 1011)
      server.refuse(nil)
      await events.sendAgain(mayWrite: { true })
      #expect(Server.sent(fake).count == 2011)
      await events.tell(notices, mayWrite: { true })
      #expect(Server.sent(fake).count == 2012)
    }
  }

  @Test(arguments: ["-", ".", "-.-", ""]) func anEventsNameIsOneWhereverItsObjectsIsCut(cut: String) async throws {
    try await recording(nil) { _, fake, events, _ in
      let name = String(repeating: "a", count: 200 - cut.utf8.count) + cut + "b"
      await events.tell([Self.notice(name: name)], mayWrite: { true })
      let parts = try #require(Server.sent(fake).first).split(separator: ".", omittingEmptySubsequences: false)
      #expect(parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.first != "-" && $0.last != "-" })
    }
  }

  /// The leader does so by itself.
  @Test func whoLeadsSendsAgain() async throws {
    let isRefused = Mutex(true)
    let store = try ObjectStore([Sample(uid: "1")])
    let script: FakeServer.Script = { _, request in
      let isFirst =
        request.path.hasSuffix("/events") && request.body.contains("ObjectsWritten")
        && isRefused.withLock { isRefused in
          defer { isRefused = false }
          return isRefused
        }
      return isFirst ? .status(403, "Forbidden", "not this time") : store.answer(request)
    }
    try await controlling(script) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let isSent = { store.writes.contains { $0.object["reason"]?.string == "ObjectsWritten" } }
        #expect(try await eventually { isSent() })
      }
    }
  }

  /// Without its workload, there is nothing else on which it could be told.
  @Test func aWorkloadThatCannotBeReadIsToldOnItsPods() async throws {
    let pod = try Sample(
      kind: "Pod", name: "db-1", annotations: ["postern.io/injected": "v1"], uid: "2", replicaSet: "r"
    ).manifest()
    let items = String(decoding: pod.bytes, as: UTF8.self)
    let script: FakeServer.Script = { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      if request.path.contains("/replicasets/") { return .status(403, "Forbidden", "no replicasets for you") }
      guard request.method == .GET else { return .json(200, request.body) }
      let list = request.path == "/api/v1/pods" ? items : ""
      return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(list)]}"#)
    }
    try await controlling(script) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let told = {
          fake.requests.contains { request in
            request.path.hasSuffix("/events") && request.body.contains("no replicasets for you")
              && request.body.contains(#""kind":"Pod","name":"db-1""#)
          }
        }
        #expect(try await eventually { told() })
      }
    }
  }

  /// Another writer is faster now and then; not each time.
  @Test(arguments: [409, 500]) func whatMightPassAndDoesNotIsTold(code: Int) async throws {
    let store = try ObjectStore([Sample(uid: "1")])
    let script: FakeServer.Script = { _, request in
      request.method == .PATCH && request.path.hasSuffix("acme-pg-spec")
        ? .status(code, "Conflict", "always another") : store.answer(request)
    }
    try await controlling(script) { fake, controller, _ in
      try await leading(controller) { () async throws in
        let told = { store.writes.contains { $0.object["message"]?.string?.contains("always another") == true } }
        #expect(try await eventually { told() })
      }
    }
  }

  /// A pass in between tells it no later: its Event is gone an hour after it was told.
  @Test func whatLastsIsDueAgainFromWhenItWasTold() async throws {
    try await recording(nil) { _, _, events, _ in
      let (first, second) = (Self.notice(reason: .noService), Self.notice(reason: .missingReference))
      let start = ContinuousClock.now
      await events.tell([first, second, Self.notice(reason: .objectsWritten)], mayWrite: { true })
      let end = ContinuousClock.now
      #expect(events.wait(for: []) == nil && events.wait(for: [Self.notice(reason: .objectsWritten)]) == nil)
      let later = start + .seconds(3000)
      for notices in [[first, second], [second]] {
        let wait = try #require(events.wait(for: notices, at: later))
        #expect(wait >= .seconds(300) && wait <= .seconds(300) + (end - start))
      }
      // What was not told, or is overdue, waits as long as what is told now.
      #expect(events.wait(for: [Self.notice(reason: .conflict)], at: later) == .seconds(3300))
      #expect(events.wait(for: [second], at: end + .seconds(3300)) == .seconds(3300))
    }
  }

  private static let wrong: [(String, [Sample])] = {
    func sample(_ annotations: [String: String], name: String = "db", uid: String = "1") -> Sample {
      Sample(name: name, annotations: annotations, uid: uid)
    }
    let missing = ["postern.io/users": "[{name: shop, passwordFrom: {secret: nope, key: k}}]"]
    return [
      ("MissingReference", [sample(missing)]), ("InvalidDeclaration", [sample(["postern.io/users": "[{nope: 1}]"])]),
      ("NoService", [sample(Sample().annotations)]),
      ("Conflict", [sample(Sample().annotations), sample(Sample().annotations, name: "other", uid: "2")]),
    ]
  }()

  /// An Event is gone after an hour; the log stays, and another pass tells it again before.
  @Test(arguments: [0, 1, 2, 3]) func whatIsNotCarriedOutIsLoggedOnceAndToldAgainWithinTheHour(index: Int) async throws
  {
    let (reason, samples) = Self.wrong[index]
    let (store, log) = (try ObjectStore(samples), LoggedLines())
    try await controlling({ _, request in store.answer(request) }, logger: log.logger) { _, controller, registry in
      try await leading(controller) { () async throws in
        let key = CustomerKey(namespace: "shops", customer: "acme")
        let lines = { log.all.filter { $0.contains(" reason=\(reason)") && $0.contains("instance=shops/acme") } }
        #expect(try await eventually { lines().count == samples.count })
        let hour = Timestamp(microseconds: (SystemClock.wallMilliseconds + 3_590_000) * 1000)
        #expect(try await eventually { controller.turns.take(at: hour).contains(key) })
        let passes = { registry.text().split(separator: "\n").filter { $0.hasPrefix("postern_reconciles_total") } }
        let before = passes()
        controller.queue.add(CollectionOfOne(key))
        #expect(try await eventually { passes() != before })
        #expect(lines().count == samples.count)
      }
    }
  }
}
