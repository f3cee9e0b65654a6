import Linux
import NIOCore
import NIOPosix
import TestSupport
import PrometheusText
import Testing
import WebhookServer

/// How the server stops, and what prevents it from starting.
@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
  static let json = "Host: h\r\nContent-Type: application/json\r\n"

  @Test func whatIsInFlightIsFinishedAndNothingNewIsTaken() async throws {
    try await serving(configuration()) { server in
      let busy = try await server.client()
      #expect(try await busy.get("/healthz").status == 200)
      busy.send("POST /mutate HTTP/1.1\r\n\(Self.json)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{")
      #expect(try await busy.response().status == 100)
      let port = server.port
      async let down: Void = server.shutdown()
      #expect(try await eventually { (try? await Client.connectPlain(port)) == nil })
      busy.send("}")
      let answer = try await busy.response()
      #expect(answer.text == "m{}")
      #expect(answer.fields["connection"] == "close")
      await down
      try await busy.waitForClose()
    }
  }

  @Test func whileDrainingItIsNotReadyAndServesOn() async throws {
    var configuration = try configuration()
    configuration.drainTime = .seconds(3)
    try await serving(configuration) { server in
      let probe = try await server.client()
      let client = try await server.client()
      #expect(try await client.get("/readyz").status == 200)
      async let down: Void = server.shutdown()
      #expect(try await eventually { try await probe.get("/readyz").status == 503 })
      let answer = try await client.post("/mutate", Array("{}".utf8))
      #expect(answer.text == "m{}")
      #expect(answer.fields["connection"] == "close")
      await down
    }
  }

  @Test func anAnswerThatIsStillUnreadIsSentWhole() async throws {
    let big = [UInt8](repeating: 0x20, count: 16 << 20)
    let isAnswered = Flag()
    try await serving(
      configuration(),
      answer: { _, _ in
        isAnswered.set()
        return WebhookReply(status: 200, body: big)
      }
    ) { server in
      let client = try await server.client(reads: false)
      client.send(Client.post("/mutate", [0x7B, 0x7D]))
      #expect(try await eventually { isAnswered.isSet })
      let port = server.port
      async let down: Void = server.shutdown()
      #expect(try await eventually { (try? await Client.connectPlain(port)) == nil })
      client.startReading()
      #expect(try await client.response().body.count == big.count)
      await down
    }
  }

  @Test func idleConnectionsAreClosedAndDoNotHoldItUp() async throws {
    try await serving(configuration()) { server in
      let used = try await server.client()
      #expect(try await used.get("/healthz").status == 200)
      let unused = try await server.client()
      await server.shutdown()
      try await used.waitForClose()
      try await unused.waitForClose()
    }
  }

  @Test func aRequestOnAConnectionThatWasJustMadeIsStillAnswered() async throws {
    var configuration = try configuration()
    configuration.lingerTime = .seconds(60)
    try await serving(configuration) { server in
      let unused = try await server.client()
      let port = server.port
      async let down: Void = server.shutdown()
      #expect(try await eventually { (try? await Client.connectPlain(port)) == nil })
      #expect(try await unused.post("/mutate", [0x7B, 0x7D]).text == "m{}")
      await down
    }
  }

  @Test func underLoadNoRequestFails() async throws {
    var configuration = try configuration()
    configuration.drainTime = .milliseconds(300)
    let hasBegun = Flag()
    try await serving(configuration) { server in
      let answered = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 1...4 {
          group.addTask {
            // The API server does the same: it uses a connection again unless the answer says that it closes.
            var answered = 0
            var client = try await server.client()
            while true {
              let response = try await client.post("/mutate", [0x7B, 0x7D])
              #expect(response.text == "m{}")
              answered += 1
              if answered == 20 { hasBegun.set() }
              guard response.fields["connection"] == "close" else { continue }
              guard let next = try? await server.client() else { return answered }
              client = next
            }
          }
        }
        group.addTask {
          let isLoaded = try await eventually { hasBegun.isSet }
          #expect(isLoaded)
          await server.shutdown()
          return 0
        }
        return try await group.reduce(0, +)
      }
      #expect(answered >= 20)
    }
  }

  @Test func shuttingDownTwiceIsShuttingDownOnce() async throws {
    try await serving(configuration()) { server in
      let client = try await server.client()
      #expect(try await client.get("/healthz").status == 200)
      async let first: Void = server.shutdown()
      async let second: Void = server.shutdown()
      _ = await (first, second)
      try await client.waitForClose()
      #expect((try? await Client.connectPlain(server.port)) == nil)
    }
  }

  @Test func theDefaultAddressIsEveryAddress() async throws {
    var configuration = try configuration()
    configuration.host = ServerConfiguration(port: 0, certificateFile: "", privateKeyFile: "").host
    try await serving(configuration) { server in
      for address in ["127.0.0.1", "127.0.0.2"] + (File.exists("/proc/net/if_inet6") ? ["::1"] : []) {
        let client = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        try await client.connect(host: address, port: server.port).get().close()
      }
    }
  }

  @Test func aPortInUseIsNamed() async throws {
    try await serving(configuration()) { server in
      var second = try configuration()
      second.port = server.port
      let error = await #expect(throws: ServerError.self) {
        try await WebhookServer.start(
          second, logger: silent, metrics: ServerMetrics(PrometheusRegistry([])), health: ServerHealth(), answer: echo)
      }
      #expect(error == .portInUse(host: "127.0.0.1", port: server.port))
      #expect(
        error?.message
          == "cannot listen on 127.0.0.1:\(server.port): the port is in use; "
          + "stop the other server or choose another port"
      )
    }
  }

  @Test func anAddressOfAnotherMachineIsRefused() async throws {
    var configuration = try configuration()
    configuration.host = "192.0.2.1"
    let error = await #expect(throws: ServerError.self) {
      try await WebhookServer.start(
        configuration, logger: silent, metrics: ServerMetrics(PrometheusRegistry([])), health: ServerHealth(),
        answer: echo)
    }
    #expect(error?.message == "cannot listen on 192.0.2.1:0: this machine has no such address")
  }
}
