import NIOSSL
import PrometheusText
import Synchronization
import TestSupport
import Testing
import WebhookServer

/// How much many clients together may use, and that the others do not notice.
@Suite(.timeLimit(.minutes(5))) struct FairnessTests {
  static let json = "Host: h\r\nContent-Type: application/json\r\n"

  private static let displaced = "postern_http_connections_displaced_total"

  /// A configuration with this many connections.
  private func configuration(_ maximum: Int, surplus: Int = 0) throws -> ServerConfiguration {
    var configuration = try WebhookServerTests.configuration()
    configuration.maximumConnections = maximum
    configuration.maximumSurplusConnections = surplus
    return configuration
  }

  @Test func whenFullTheOneThatIsIdleLongestGoesAndNotTheNewcomer() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    var configuration = try configuration(3)
    configuration.patience = .zero
    try await serving(configuration, registry: registry) { server in
      let (first, second, third) = (try await server.client(), try await server.client(), try await server.client())
      for client in [second, first, third] { #expect(try await client.post("/mutate", [0x7B, 0x7D]).status == 200) }
      let newcomer = try await server.client()
      try await second.waitForClose()
      for client in [first, third, newcomer] { #expect(try await client.post("/mutate", [0x7B, 0x7D]).status == 200) }
      #expect(registry.value(Self.displaced) == "1")
      #expect(registry.value("postern_http_connections_refused_total") == "0")
    }
  }

  @Test func whenFullOneThatNeverSaidAnythingGoesFirst() async throws {
    var configuration = try configuration(3)
    configuration.patience = .zero
    try await serving(configuration) { server in
      let served = try await server.client()
      #expect(try await served.get("/healthz").status == 200)
      let silent = try await Client.connectPlain(server.port)
      let silentTLS = try await server.client()
      let first = try await server.client()
      try await silent.waitForClose()
      let second = try await server.client()
      try await silentTLS.waitForClose()
      for client in [served, first, second] { #expect(try await client.post("/mutate", [0x7B, 0x7D]).status == 200) }
    }
  }

  @Test func aRequestThatIsAllThereIsNotGivenUp() async throws {
    let (isBegun, mayEnd) = (Flag(), Gate())
    var configuration = try configuration(1, surplus: 1)
    configuration.patience = .zero
    configuration.largeBodyBytes = 0
    try await serving(
      configuration,
      answer: { path, body in
        isBegun.set()
        mayEnd.wait()
        return echo(path, body)
      }
    ) { server in
      let busy = try await server.client()
      busy.send(Client.post("/mutate", [0x7B, 0x7D]))
      #expect(try await eventually { isBegun.isSet })
      #expect(try await server.client().post("/mutate", [0x7B, 0x7D]).status == 429)
      mayEnd.open()
      #expect(try await busy.response().text == "m{}")
      #expect(try await eventually { try await server.client().post("/mutate", [0x7B, 0x7D]).status == 200 })
    }
  }

  @Test func inACrowdOneThatSaysNothingIsCut() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    var configuration = try configuration(6)
    configuration.silenceTimeout = .milliseconds(200)
    try await serving(configuration, registry: registry) { server in
      let served = try await server.client()
      #expect(try await served.get("/healthz").status == 200)
      var silent: [Client] = []
      for _ in 1...3 { silent.append(try await server.client()) }
      #expect(try await eventually { silent.filter(\.isClosed).count == 1 })
      #expect(try await eventually { registry.value("postern_http_connections") == "3" })
      #expect(registry.value("postern_http_connections_cut_total{waiting_for=\"request\"}") == "1")
      // Half of the places are free now, so the other connections stay and are served.
      for client in silent where !client.isClosed { #expect(try await client.get("/healthz").status == 200) }
      #expect(try await served.get("/healthz").status == 200)
    }
  }

  /// The places on the port of probes are limited as well.
  @Test func silentConnectionsDoNotKeepProbesOut() async throws {
    var configuration = try configuration(10)
    configuration.operationsPort = 0
    configuration.maximumOperationsConnections = 4
    try await serving(configuration) { server in
      let port = try #require(server.operationsPort)
      for _ in 1...20 { _ = try await Client.connectPlain(port) }
      #expect(try await Client.connectPlain(port).get("/healthz").status == 200)
    }
  }

  /// Requests that have begun and never end do not either, although each of them is young.
  @Test func requestsThatHaveJustBegunDoNotKeepProbesOut() async throws {
    var configuration = try configuration(10)
    configuration.operationsPort = 0
    configuration.maximumOperationsConnections = 4
    configuration.patience = .seconds(3600)
    configuration.bodyTimeout = .seconds(3600)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, registry: registry) { server in
      let port = try #require(server.operationsPort)
      var clients: [Client] = []
      for _ in 1...4 {
        let client = try await Client.connectPlain(port)
        client.send("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n1")
        clients.append(client)
      }
      #expect(try await eventually { registry.value("postern_http_requests_in_flight") == "4" })
      #expect(try await Client.connectPlain(port, from: "127.0.0.2").get("/healthz").status == 200)
      for client in clients { await client.close() }
    }
  }

  @Test func theSlowestLargeBodyGoesAndIsToldToComeAgain() async throws {
    var configuration = try configuration(10)
    configuration.smallBodyBytes = 100
    configuration.maximumBufferedBytes = 6000
    configuration.patience = .milliseconds(50)
    configuration.bodyTimeout = .seconds(60)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, registry: registry) { server in
      let slow = try await server.client()
      slow.send(
        "POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 4001\r\n\r\n" + String(repeating: " ", count: 4000))
      // Before that, the room is not in use yet.
      #expect(try await eventually { registry.value("postern_http_requests_in_flight") == "1" })
      let body = [UInt8](repeating: 0x20, count: 4000)
      let isTaken = try await eventually { try await server.client().post("/mutate", body).status == 200 }
      #expect(isTaken)
      let told = try await slow.response()
      #expect(told.status == 429)
      #expect(told.fields["retry-after"] == "1")
    }
  }

  @Test func thereIsRoomForASmallBodyOnEveryConnection() async throws {
    var configuration = try configuration(10)
    configuration.smallBodyBytes = 1000
    configuration.maximumBufferedBytes = 5000
    try await serving(configuration) { server in
      let slow = try await server.client()
      slow.send(
        "POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 5001\r\n\r\n" + String(repeating: " ", count: 5000))
      let isFull = try await eventually {
        try await server.client().post("/mutate", [UInt8](repeating: 0x20, count: 1001)).status == 429
      }
      #expect(isFull)
      #expect(try await server.client().post("/mutate", [UInt8](repeating: 0x20, count: 1000)).status == 200)
    }
  }

  /// As many silent connections as there are places (1,088), and eight bodies of 8 MiB that lack one byte; all begin
  /// again whenever they are cut. Meanwhile 200 ordinary reviews a second arrive, on kept and on new connections.
  @Test func underAttackNoOrdinaryReviewFails() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    var configuration = try WebhookServerTests.configuration()
    configuration.idleTimeout = .seconds(95)
    try await serving(configuration, registry: registry) { server in
      let attack = try Attack(server.port)
      try await withThrowingTaskGroup { group in
        // Also where something is thrown: the group waits for all its tasks.
        defer { attack.end() }
        for _ in 1...16 { group.addTask { await attack.beSilent(68) } }
        for _ in 1...8 { group.addTask { await attack.leaveABodyUnfinished() } }
        #expect(try await eventually { attack.count >= Attack.all })
        let kept = try await server.client()
        let review = [UInt8](repeating: 0x20, count: 6000)
        for number in 0..<400 {
          let client = number.isMultiple(of: 4) ? try await server.client() : kept
          #expect(try await client.post("/mutate", review).status == 200)
          if client !== kept { await client.close() }
          try await Task.sleep(for: .milliseconds(5))
        }
      }
      // If the machine makes connections slowly, all of them time out before the places are used up.
      let number = { registry.value($0).flatMap { Int($0) } ?? 0 }
      #expect(number(Self.displaced) + number("postern_http_connections_cut_total{waiting_for=\"request\"}") > 0)
    }
  }
}

/// Clients that use as much as they can and never send a whole request.
final class Attack: Sendable {
  static let all = 1088

  private let port: Int
  private let tls: NIOSSLContext
  private let isOver = Flag()
  private let made = Atomic(0)

  init(_ port: Int) throws {
    self.port = port
    tls = try Client.context(trusting: authority.get().authorityFile)
  }

  /// How many connections have been made.
  var count: Int { made.load(ordering: .relaxed) }

  func end() { isOver.set() }

  private func connect() async -> Client? {
    guard let client = try? await Client.connect(port, tls) else { return nil }
    made.wrappingAdd(1, ordering: .relaxed)
    return client
  }

  /// Keeps `count` connections open and sends nothing on them.
  func beSilent(_ count: Int) async {
    var clients: [Client] = []
    while !isOver.isSet {
      clients.removeAll(where: \.isClosed)
      if clients.count < count, let client = await connect() { clients.append(client) }
      // As fast as possible until all connections exist, and ten times a second from then on. One that waited for others without
      // a pause would hold a thread that they need.
      if clients.count == count || self.count >= Self.all { try? await Task.sleep(for: .milliseconds(100)) }
    }
    for client in clients { await client.close() }
  }

  /// Sends a body of 8 MiB except its last byte, and again whenever the server has ended that.
  func leaveABodyUnfinished() async {
    let head = "POST /mutate HTTP/1.1\r\n\(FairnessTests.json)Content-Length: \(8 << 20)\r\n\r\n"
    let bytes = Array(head.utf8) + [UInt8](repeating: 0x20, count: (8 << 20) - 1)
    while !isOver.isSet {
      guard let client = await connect() else { continue }
      client.send(bytes)
      while !isOver.isSet, !client.isClosed { try? await Task.sleep(for: .milliseconds(20)) }
      await client.close()
    }
  }
}
