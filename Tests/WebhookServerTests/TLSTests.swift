import NIOSSL
import TestSupport
import Testing
import WebhookServer

/// Which TLS clients are served.
@Suite struct TLSTests {
  @Test(arguments: [
    (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), ([], nil as String?), (["h2"], nil),
  ])
  func onlyHTTP11IsNegotiated(_ offered: [String], _ chosen: String?) async throws {
    try await serving(configuration()) { server in
      let client = try await Client.connect(
        server.port, trusting: authority.get().authorityFile, alpn: offered)
      #expect(client.alpn == chosen)
      #expect(try await client.post("/mutate", [0x7B, 0x7D]).text == "m{}")
    }
  }

  /// The API server asks for the Service's name. The server has one certificate, whatever name is asked for.
  @Test(arguments: ["postern-webhook.postern-system.svc", "other.name"])
  func anyNameIsServed(_ name: String) async throws {
    try await serving(configuration()) { server in
      let client = try await Client.connect(
        server.port, trusting: authority.get().authorityFile, serverName: name)
      #expect(try await client.post("/mutate?timeout=5s", [0x7B, 0x7D]).text == "m{}")
    }
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func bothVersionsAreServed(_ version: TLSVersion) async throws {
    try await serving(configuration()) { server in
      let client = try await Client.connect(
        server.port, trusting: authority.get().authorityFile, version: version)
      #expect(try await client.tlsVersion() == version)
      #expect(try await client.post("/mutate", [0x7B, 0x7D]).text == "m{}")
    }
  }

  @Test func olderVersionsAreRefused() async throws {
    try await serving(configuration()) { server in
      await #expect(throws: (any Error).self) {
        try await Client.connect(server.port, trusting: authority.get().authorityFile, version: .tlsv11)
      }
    }
  }

  @Test(arguments: [
    "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
  ])
  func whatIsNoTLSIsClosedAndHurtsNobody(_ sent: String) async throws {
    try await serving(configuration()) { server in
      let client = try await Client.connectPlain(server.port)
      client.send(sent)
      try await client.waitForClose()
      #expect(try await server.client().get("/healthz").status == 200)
    }
  }
}
