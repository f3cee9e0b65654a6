import PrometheusText
import Synchronization
import TestSupport
import Testing
import WebhookServer

/// How much one client may use, and that the others do not notice.
@Suite struct LimitTests {
  static let json = "Host: h\r\nContent-Type: application/json\r\n"

  /// What the API server does must be within the limits (client-go's transport: idle connections end after 90 s).
  @Test func theDefaultsLeaveRoomForTheAPIServer() {
    let defaults = ServerConfiguration(port: 0, certificateFile: "", privateKeyFile: "")
    #expect(defaults.idleTimeout > .seconds(90))
    #expect(defaults.maximumBodyBytes >= 7 << 20)
    #expect(defaults.maximumConnections >= 10 * 25)
    #expect(defaults.maximumBufferedBytes >= 2 * defaults.maximumBodyBytes)
  }

  @Test func twentyFiveIdleConnectionsAreKept() async throws {
    try await serving(configuration()) { server in
      var clients: [Client] = []
      for _ in 1...25 { clients.append(try await server.client()) }
      for round in 1...3 {
        for client in clients { #expect(try await client.post("/mutate", Array("\(round)".utf8)).text == "m\(round)") }
      }
      #expect(!clients.contains { $0.isClosed })
    }
  }

  @Test func aReviewOfSevenMiBIsTaken() async throws {
    try await serving(
      configuration(), answer: { _, body in WebhookReply(status: 200, body: Array("\(body.count)".utf8)) }
    ) {
      server in
      let client = try await server.client()
      #expect(try await client.post("/mutate", [UInt8](repeating: 0x20, count: 7 << 20)).text == "\(7 << 20)")
      #expect(try await client.get("/healthz").status == 200)
    }
  }

  @Test func anAnswerOfSevenMiBIsSent() async throws {
    let big = [UInt8](repeating: 0x20, count: 7 << 20)
    try await serving(configuration(), answer: { _, _ in WebhookReply(status: 200, body: big) }) { server in
      let client = try await server.client()
      #expect(try await client.post("/mutate", [0x7B, 0x7D]).body == big)
      #expect(try await client.get("/healthz").status == 200)
    }
  }

  @Test func aBodyOfTheLimitIsTakenAndOneByteMoreIsRefusedUnread() async throws {
    let sawAnotherBody = Flag()
    var configuration = try configuration()
    configuration.maximumBodyBytes = 1000
    try await serving(
      configuration,
      answer: { path, body in
        if body.count != 1000 { sawAnotherBody.set() }
        return echo(path, body)
      }
    ) { server in
      let client = try await server.client()
      #expect(try await client.post("/mutate", [UInt8](repeating: 0x20, count: 1000)).status == 200)
      client.send("POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 1001\r\n\r\n")
      let refused = try await client.response()
      #expect(refused.status == 413)
      #expect(refused.text == "the body is larger than 1000 bytes\n")
      try await client.waitForClose()
      #expect(!sawAnotherBody.isSet)
    }
  }

  @Test(arguments: ["/mutate", "/nowhere"])
  func aChunkedBodyIsCounted(_ path: String) async throws {
    var configuration = try configuration()
    configuration.maximumBodyBytes = 1000
    try await serving(configuration) { server in
      let client = try await server.client()
      let chunk = "1f4\r\n\(String(repeating: " ", count: 500))\r\n"
      client.send("POST \(path) HTTP/1.1\r\n\(Self.json)Transfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)")
      client.send("1\r\n \r\n")
      #expect(try await client.response().status == 413)
      try await client.waitForClose()
    }
  }

  @Test func aClientThatSendsATooLargeBodyAllTheSameReadsItsAnswer() async throws {
    var configuration = try configuration()
    configuration.lingerTime = .seconds(60)
    try await serving(configuration) { server in
      let client = try await server.client()
      client.send(Client.post("/mutate", [UInt8](repeating: 0x20, count: (8 << 20) + 1)))
      #expect(try await client.response().status == 413)
      await client.close()
    }
  }

  @Test func unfinishedBodiesTogetherAreBounded() async throws {
    var configuration = try configuration()
    configuration.smallBodyBytes = 0
    configuration.maximumBufferedBytes = 1000
    configuration.bodyTimeout = .seconds(60)
    configuration.patience = .seconds(60)
    try await serving(configuration) { server in
      let slow = try await server.client()
      slow.send("POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 901\r\n\r\n" + String(repeating: " ", count: 900))
      let body = [UInt8](repeating: 0x20, count: 500)
      var refused: Client.Response?
      let isRefused = try await eventually {
        let response = try await server.client().post("/mutate", body)
        if response.status != 200 { refused = response }
        return refused != nil
      }
      #expect(isRefused)
      #expect(refused?.status == 429)
      #expect(refused?.fields["retry-after"] == "1")
      slow.send(" ")
      #expect(try await slow.response().status == 200)
      #expect(try await server.client().post("/mutate", body).status == 200)
    }
  }

  @Test func whatABrokenConnectionHeldIsGivenBack() async throws {
    var configuration = try configuration()
    configuration.smallBodyBytes = 0
    configuration.maximumBufferedBytes = 1000
    try await serving(configuration) { server in
      for _ in 1...5 {
        let client = try await server.client()
        client.send(
          "POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 901\r\n\r\n" + String(repeating: " ", count: 900))
        await client.close()
      }
      let isTaken = try await eventually {
        try await server.client().post("/mutate", [UInt8](repeating: 0x20, count: 1000)).status == 200
      }
      #expect(isTaken)
    }
  }

  @Test func connectionsBeyondTheLimitAreToldToComeAgain() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    var configuration = try configuration()
    configuration.maximumConnections = 1
    configuration.patience = .seconds(60)
    try await serving(configuration, registry: registry) { server in
      let first = try await server.client()
      first.send("POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 2\r\n\r\n{")
      #expect(try await eventually { registry.value("postern_http_requests_in_flight") == "1" })
      let second = try await server.client()
      let refused = try await second.post("/mutate", [UInt8](repeating: 0x20, count: 1 << 20))
      #expect(refused.status == 429)
      #expect(refused.fields["retry-after"] == "1")
      #expect(refused.fields["connection"] == "close")
      try await second.waitForClose()
      #expect(registry.value("postern_http_connections_refused_total") == "1")
      #expect(registry.value("postern_http_refusals_total{code=\"429\"}") == "1")
      first.send("}")
      #expect(try await first.response().text == "m{}")
      await first.close()
      #expect(try await eventually { try await server.client().post("/mutate", [0x7B, 0x7D]).status == 200 })
    }
  }

  @Test func connectionsBeyondAllLimitsAreClosedUntilOneEnds() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    var configuration = try configuration()
    configuration.maximumConnections = 2
    configuration.maximumSurplusConnections = 0
    configuration.patience = .seconds(60)
    try await serving(configuration, registry: registry) { server in
      let (first, second) = (try await server.client(), try await server.client())
      for client in [first, second] {
        client.send("POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 2\r\n\r\n{")
      }
      #expect(try await eventually { registry.value("postern_http_requests_in_flight") == "2" })
      await #expect(throws: (any Error).self) { try await server.client() }
      await second.close()
      let isTaken = try await eventually { (try? await server.client()) != nil }
      #expect(isTaken)
      first.send("}")
      #expect(try await first.response().text == "m{}")
    }
  }

  @Test func aClientThatLeavesItsAnswersUnreadIsReadNoMoreAndGetsThemAllLater() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client(reads: false)
      let body = [UInt8](repeating: 0x20, count: 64 << 10)
      for _ in 1...200 { client.send(Client.post("/mutate", body)) }
      #expect(try await server.client().get("/healthz").status == 200)
      client.startReading()
      for _ in 1...200 { #expect(try await client.response().body.count == body.count + 1) }
    }
  }

  enum Time { case idle, header, body }

  /// What a client sends before it stops, and the time limit that ends the connection.
  @Test(
    arguments: [
      ("", Time.idle),
      ("P", .header),
      ("POST /mutate HTTP/1.1\r\nHo", .header),
      ("POST /mutate HTTP/1.1\r\n\(json)Content-Length: 20\r\n\r\n{", .body),
      ("POST /mutate HTTP/1.1\r\n\(json)Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", .body),
      ("POST /mutate HTTP/1.1\r\n\(json)Content-Length: 1\r\n\r\n{", .idle),
      ("POST /mutate HTTP/1.1\r\n\(json)Content-Length: 1\r\n\r\n{POST /mu", .idle),
    ])
  func aClientThatStopsSendingIsCutAndTheOthersAreServed(_ sent: String, _ time: Time) async throws {
    var configuration = try configuration()
    switch time {
    case .idle: configuration.idleTimeout = .milliseconds(300)
    case .header: configuration.headerTimeout = .milliseconds(300)
    case .body: configuration.bodyTimeout = .milliseconds(300)
    }
    try await serving(configuration) { server in
      let slow = try await server.client()
      slow.send(sent)
      let isCut = try await eventually {
        let response = try await server.client().post("/mutate", [0x7B, 0x7D])
        #expect(response.status == 200)
        return slow.isClosed
      }
      #expect(isCut)
    }
  }

  @Test func aHeadThatDripsIsCutThoughItNeverStops() async throws {
    var configuration = try configuration()
    configuration.headerTimeout = .milliseconds(100)
    try await serving(configuration) { server in
      let slow = try await server.client()
      slow.send("GET /healthz HTTP/1.1\r\nHost: h\r\n")
      let isCut = try await eventually {
        slow.send("X: y\r\n")
        return slow.isClosed
      }
      #expect(isCut)
    }
  }

  @Test func aClientThatNeverReadsItsAnswersIsReadNoMoreAndCut() async throws {
    let sawLast = Flag()
    var configuration = try configuration()
    configuration.bodyTimeout = .seconds(2)
    configuration.lingerTime = .milliseconds(50)
    try await serving(
      configuration,
      answer: { path, body in
        if body.first == 100 { sawLast.set() }
        return echo(path, body)
      }
    ) { server in
      let client = try await server.client(reads: false)
      for number in 1...100 as ClosedRange<UInt8> {
        client.send(Client.post("/mutate", [UInt8](repeating: number, count: 1 << 20)))
      }
      #expect(try await eventually { client.isClosed })
      #expect(!sawLast.isSet)
      #expect(try await server.client().get("/healthz").status == 200)
    }
  }

  /// Answers that are left unread take the room of bodies, and give it to those who read.
  @Test func unreadAnswersShareOneRoom() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    let cut = #"postern_http_connections_cut_total{waiting_for="reader"}"#
    let large = [UInt8](repeating: 0x20, count: 16 << 20)
    var configuration = try configuration()
    configuration.patience = .milliseconds(200)
    configuration.bodyTimeout = .seconds(3600)
    try await serving(
      configuration, registry: registry,
      answer: { path, body in body.count == 2 ? WebhookReply(status: 200, body: large) : echo(path, body) }
    ) { server in
      var clients: [Client] = []
      for _ in 0..<4 {
        let client = try await server.client(reads: false)
        client.send(Client.post("/mutate", [0x7B, 0x7D]))
        clients.append(client)
      }
      // There is room for one.
      #expect(try await eventually { registry.value(cut) == "3" })
      let body = [UInt8](repeating: 0x20, count: 7 << 20)
      let isServed = try await eventually { try await server.client().post("/mutate", body).status == 200 }
      #expect(isServed)
      #expect(registry.value(cut) == "4")
      withExtendedLifetime(clients) {}
    }
  }

  /// So are those of requests that came together. With TLS nothing is sent before the end of a turn.
  @Test func unreadAnswersOfOneReadAreCountedToo() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    let large = [UInt8](repeating: 0x20, count: 1 << 20)
    let answers = Mutex(0)
    var configuration = try configuration()
    configuration.bodyTimeout = .seconds(3600)
    try await serving(
      configuration, registry: registry,
      answer: { _, _ in
        answers.withLock { $0 += 1 }
        return WebhookReply(status: 200, body: large)
      }
    ) { server in
      let client = try await server.client(reads: false)
      client.send((0..<200).flatMap { _ in Client.post("/mutate", [0x7B, 0x7D]) })
      #expect(
        try await eventually {
          registry.value(#"postern_http_connections_cut_total{waiting_for="reader"}"#) == "1"
        })
      // As many as there is room for, and what the kernel has taken.
      #expect(answers.withLock { $0 } < 60)
      await client.close()
    }
  }

  @Test func aClientThatNeverBeginsTheHandshakeIsCut() async throws {
    var configuration = try configuration()
    configuration.handshakeTimeout = .seconds(1)
    try await serving(configuration) { server in
      let client = try await Client.connectPlain(server.port)
      try await client.waitForClose()
      #expect(try await server.client().get("/healthz").status == 200)
    }
  }
}
