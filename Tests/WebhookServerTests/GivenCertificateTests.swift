import Foundation
import PrometheusText
import TestSupport
import Testing

@testable import WebhookServer

/// A certificate that comes from memory.
@Suite struct GivenCertificateTests {
  private func configuration() -> ServerConfiguration {
    var configuration = ServerConfiguration(port: 0, certificate: .memory)
    configuration.host = "127.0.0.1"
    configuration.operationsPort = 0
    configuration.drainTime = .zero
    return configuration
  }

  private func bytes(_ pair: Certificates.Pair) throws -> (chain: [UInt8], key: [UInt8]) {
    (
      Array(try Data(contentsOf: URL(filePath: pair.certificateFile))),
      Array(try Data(contentsOf: URL(filePath: pair.privateKeyFile)))
    )
  }

  @Test func isNotReadyBeforeAndServesTheLatestGoodOneAfter() async throws {
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration(), registry: registry) { server in
      let operations = try await Client.connectPlain(try #require(server.operationsPort))
      #expect(try await operations.get("/healthz").status == 200)
      #expect(try await operations.get("/readyz").status == 503)
      await #expect(throws: (any Error).self) { try await server.client() }

      let first = try bytes(defaultPair.get())
      #expect(server.use(certificateChain: first.chain, privateKey: first.key))
      #expect(try await operations.get("/readyz").status == 200)
      let client = try await server.client()
      #expect(try await client.post("/validate", Array("{}".utf8)).status == 200)
      let serial = try await client.serverSerial()
      // The same pair again is not new.
      #expect(!server.use(certificateChain: first.chain, privateKey: first.key))

      let second = try bytes(authority.get().issue("given-second"))
      #expect(!server.use(certificateChain: second.chain, privateKey: first.key))
      #expect(!server.use(certificateChain: [], privateKey: second.key))
      let expired = try bytes(authority.get().issue("given-expired", .expired))
      #expect(!server.use(certificateChain: expired.chain, privateKey: expired.key))
      server.refuseCertificate("it is for elsewhere")
      #expect(registry.reloadFailures == "4")
      #expect(try await server.client().serverSerial() == serial)
      #expect(try await operations.get("/readyz").status == 200)
      #expect(!server.reloadNow())

      #expect(server.use(certificateChain: second.chain, privateKey: second.key))
      #expect(try await server.client().serverSerial() != serial)
      // The old connection still works.
      #expect(try await client.post("/validate", Array("{}".utf8)).status == 200)
      #expect(registry.reloadFailures == "4")
    }
  }
}
