import PrometheusText
import Synchronization
import TestSupport
import Testing
import WebhookServer

/// Reviews that may take long are decided one at a time and delay no others.
@Suite(.timeLimit(.minutes(2))) struct LargeReviewTests {
  private static let waiting = "postern_http_large_reviews_waiting"
  private static let large = [UInt8](repeating: 0x20, count: 100_000)

  @Test func aSmallReviewDoesNotWaitForALargeOne() async throws {
    let (isBegun, mayEnd) = (Flag(), Gate())
    try await serving(
      configuration(),
      answer: { path, body in
        if body.count > 1000 {
          isBegun.set()
          mayEnd.wait()
        }
        return echo(path, body)
      }
    ) { server in
      let slow = try await server.client()
      slow.send(Client.post("/validate", Self.large))
      #expect(try await eventually { isBegun.isSet })
      // As many as there are event loops, and more.
      for _ in 1...8 { #expect(try await server.client().post("/mutate", [0x7B, 0x7D]).text == "m{}") }
      mayEnd.open()
      #expect(try await slow.response().body.count == Self.large.count + 1)
    }
  }

  @Test func oneIsDecidedAtATime() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    let mayEnd = Gate()
    let running = Atomic(0)
    let order = Mutex<[Int]>([])
    try await serving(
      configuration(), registry: registry,
      answer: { path, body in
        guard body.count >= Self.large.count else { return echo(path, body) }
        #expect(running.wrappingAdd(1, ordering: .relaxed).newValue == 1)
        order.withLock { $0.append(body.count - Self.large.count) }
        mayEnd.wait()
        running.wrappingSubtract(1, ordering: .relaxed)
        return echo(path, body)
      }
    ) { server in
      var clients: [Client] = []
      for extra in [5, 3, 1, 4, 2] {
        let client = try await server.client()
        client.send(Client.post("/mutate", Self.large + [UInt8](repeating: 0x20, count: extra)))
        clients.append(client)
        if extra == 5 { #expect(try await eventually { order.withLock { !$0.isEmpty } }) }
      }
      #expect(try await eventually { registry.value(Self.waiting) == "4" })
      mayEnd.open()
      for client in clients { #expect(try await client.response().status == 200) }
      #expect(order.withLock { $0.sorted() } == [1, 2, 3, 4, 5])
    }
  }

  @Test func whatFollowsALargeReviewIsAnsweredBehindIt() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      client.send(
        Client.post("/mutate", Self.large) + Client.post("/validate", Array("1".utf8))
          + Client.post("/mutate", Self.large)
          + Array("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n".utf8))
      #expect(try await client.response().body.count == Self.large.count + 1)
      #expect(try await client.response().text == "v1")
      #expect(try await client.response().body.count == Self.large.count + 1)
      #expect(try await client.response().text == "ok\n")
      #expect(try await client.response().status == 400)
      try await client.waitForClose()
    }
  }

  /// It owes nothing: the server waits for another request, and not for the rest of one.
  @Test func behindALargeReviewTheConnectionIsIdle() async throws {
    var configuration = try configuration()
    configuration.idleTimeout = .milliseconds(300)
    configuration.headerTimeout = .seconds(3600)
    try await serving(configuration) { server in
      let client = try await server.client()
      #expect(try await client.post("/mutate", Self.large).status == 200)
      try await client.waitForClose()
    }
  }

  @Test func whoHangsUpGivesTheRoomBackAndIsNotDecided() async throws {
    let (isBegun, mayEnd) = (Flag(), Gate())
    let count = Atomic(0)
    var configuration = try configuration()
    configuration.maximumBufferedBytes = 300_000
    configuration.patience = .seconds(3600)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(
      configuration, registry: registry,
      answer: { path, body in
        guard body.count >= Self.large.count else { return echo(path, body) }
        count.wrappingAdd(1, ordering: .relaxed)
        isBegun.set()
        mayEnd.wait()
        return echo(path, body)
      }
    ) { server in
      let first = try await server.client()
      first.send(Client.post("/mutate", Self.large))
      #expect(try await eventually { isBegun.isSet })
      let second = try await server.client()
      second.send(Client.post("/mutate", Self.large))
      #expect(try await eventually { registry.value(Self.waiting) == "1" })
      #expect(try await server.client().post("/mutate", Self.large).status == 429)
      await second.close()
      #expect(try await eventually { registry.value(Self.waiting) == "0" })
      let third = try await server.client()
      third.send(Client.post("/mutate", Self.large))
      #expect(try await eventually { registry.value(Self.waiting) == "1" })
      // The review that is being decided keeps its room until it is decided.
      await first.close()
      #expect(try await server.client().post("/mutate", Self.large).status == 429)
      mayEnd.open()
      #expect(try await third.response().status == 200)
      #expect(count.load(ordering: .relaxed) == 2)
    }
  }

  @Test func aLargeReviewIsFinishedWhenTheServerGoes() async throws {
    let (isBegun, mayEnd) = (Flag(), Gate())
    try await serving(
      configuration(),
      answer: { path, body in
        isBegun.set()
        mayEnd.wait()
        return echo(path, body)
      }
    ) { server in
      let client = try await server.client()
      client.send(Client.post("/mutate", Self.large))
      #expect(try await eventually { isBegun.isSet })
      let port = server.port
      async let down: Void = server.shutdown()
      #expect(try await eventually { (try? await Client.connectPlain(port)) == nil })
      mayEnd.open()
      let answer = try await client.response()
      #expect(answer.body.count == Self.large.count + 1)
      #expect(answer.fields["connection"] == "close")
      await down
    }
  }
}
