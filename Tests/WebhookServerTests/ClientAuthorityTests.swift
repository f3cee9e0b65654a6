import Foundation
import NIOSSL
import PrometheusText
import TestSupport
import Testing

@testable import WebhookServer

/// Which clients are accepted if clients need a certificate.
@Suite struct ClientAuthorityTests {
  /// An authority for clients, in a file of its own that a server reads.
  private struct Authority {
    let certificates: Certificates
    let file: URL

    init() throws {
      certificates = try Certificates()
      file = certificates.folder.appending(path: "client-ca.pem")
      try replace(with: certificates)
    }

    func replace(with other: Certificates) throws {
      try Data(contentsOf: URL(filePath: other.authorityFile)).write(to: file)
    }
  }

  private func configuration(_ authority: Authority) throws -> ServerConfiguration {
    var configuration = try WebhookServerTests.configuration()
    configuration.clientAuthorityFile = authority.file.path
    configuration.operationsPort = 0
    configuration.tlsReloadInterval = .seconds(3600)
    return configuration
  }

  private func context(_ pair: Certificates.Pair?, _ version: TLSVersion? = nil) throws -> NIOSSLContext {
    try Client.context(trusting: authority.get().authorityFile, version: version, presenting: pair)
  }

  private func isHeard(_ context: NIOSSLContext, at server: WebhookServer) async -> Bool {
    guard let client = try? await Client.connect(server.port, context) else { return false }
    let answer = try? await client.post("/mutate", [0x7B, 0x7D])
    await client.close()
    return answer?.text == "m{}"
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func onlyClientsWithACertificateOfTheAuthorityAreHeard(_ version: TLSVersion) async throws {
    let authority = try Authority()
    let (good, expired) = (
      try authority.certificates.issue("client"), try authority.certificates.issue("expired", .expired)
    )
    let stranger = try defaultPair.get()
    let answered = Flag()
    try await serving(
      configuration(authority),
      answer: { path, body in
        answered.set()
        return echo(path, body)
      }
    ) { server in
      for pair in [nil, expired, stranger] { #expect(await !isHeard(try context(pair, version), at: server)) }
      #expect(!answered.isSet)
      #expect(await isHeard(try context(good, version), at: server))
      // Probes and scrapers have no certificate.
      let probe = try await Client.connectPlain(try #require(server.operationsPort))
      for path in ["/healthz", "/readyz", "/metrics"] { #expect(try await probe.get(path).status == 200) }
    }
  }

  @Test func aNewAuthorityIsTakenAndOneThatIsNoGoodIsNot() async throws {
    let (authority, other) = (try Authority(), try Certificates())
    let (old, new) = (try context(authority.certificates.issue("client")), try context(other.issue("client")))
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration(authority), registry: registry) { server in
      let client = try await Client.connect(server.port, old)
      #expect(!server.reloadNow())
      try Data("no certificate".utf8).write(to: authority.file)
      for _ in 1...2 { #expect(!server.reloadNow()) }
      try FileManager.default.removeItem(at: authority.file)
      #expect(!server.reloadNow())
      #expect(registry.reloadFailures == "2")
      #expect(await isHeard(old, at: server))
      try authority.replace(with: other)
      #expect(server.reloadNow())
      #expect(await !isHeard(old, at: server))
      #expect(await isHeard(new, at: server))
      // The old connection still works.
      #expect(try await client.post("/mutate", [0x7B, 0x7D]).text == "m{}")
    }
  }

  @Test func aCertificateFromMemoryIsServedToThemAlone() async throws {
    let authority = try Authority()
    let good = try context(authority.certificates.issue("client"))
    var configuration = try configuration(authority)
    configuration.certificate = .memory
    let pair = try defaultPair.get()
    let (chain, key) = (
      try Data(contentsOf: URL(filePath: pair.certificateFile)),
      try Data(contentsOf: URL(filePath: pair.privateKeyFile))
    )
    try await serving(configuration) { server in
      #expect(!server.reloadNow())
      #expect(server.use(certificateChain: Array(chain), privateKey: Array(key)))
      #expect(await isHeard(good, at: server))
      #expect(await !isHeard(try context(nil), at: server))
      let other = try Certificates()
      try authority.replace(with: other)
      #expect(server.reloadNow())
      #expect(await isHeard(try context(other.issue("client")), at: server))
      #expect(await !isHeard(good, at: server))
    }
  }

  @Test(arguments: [CertificateSource.memory, nil], ["no certificate", ""])
  func anAuthorityThatIsNoGoodKeepsTheServerFromStarting(_ source: CertificateSource?, _ text: String) async throws {
    let authority = try Authority()
    try Data(text.utf8).write(to: authority.file)
    var configuration = try configuration(authority)
    if let source { configuration.certificate = source }
    let error = await #expect(throws: ServerError.self) {
      try await WebhookServer.start(
        configuration, logger: silent, metrics: ServerMetrics(PrometheusRegistry([])), health: ServerHealth(),
        answer: echo)
    }
    #expect(error == .notAClientAuthority(file: authority.file.path))
  }

  @Test func anAuthorityThatIsMissingIsNamed() async throws {
    let authority = try Authority()
    try FileManager.default.removeItem(at: authority.file)
    let error = await #expect(throws: ServerError.self) {
      try await WebhookServer.start(
        try configuration(authority), logger: silent, metrics: ServerMetrics(PrometheusRegistry([])),
        health: ServerHealth(), answer: echo)
    }
    #expect(error == .cannotRead(file: authority.file.path, reason: "No such file or directory"))
  }
}
