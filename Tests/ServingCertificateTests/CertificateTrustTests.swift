import JSONBytes
import KubernetesClient
import Logging
import NIOHTTP1
import NIOSSL
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import ServingCertificate

/// What a leader does where an API server refuses something of it.
@Suite struct CertificateTrustTests {
  /// Both are tried in one look, where both are refused.
  @Test func aConfigurationThatCannotBeWrittenKeepsNoOtherFromTrust() async throws {
    var settings = CertificateSettings(namespace: "shops", service: "postern")
    settings.pollInterval = .milliseconds(50)
    let clock = WallClock()
    let secret = try CertificateStepTests.made(at: clock.now, settings.policy)
      .secret(settings.secret, in: settings.namespace)
    // Each look reads the clock once.
    let looks = Mutex(0)
    let tried = Mutex<[Int: Set<String>]>([:])
    let server = try await FakeServer.start(defaultPair.get()) { _, request in
      if request.query["watch"] == "true" { return .stream { _ in } }
      guard request.method == .GET else {
        let look = looks.withLock { $0 }
        tried.withLock { _ = $0[look, default: []].insert(request.path) }
        return .status(403, "Forbidden", "a policy guards it")
      }
      let configuration = #"{"metadata":{"name":"postern","resourceVersion":"1"},"webhooks":[{"name":"a"}]}"#
      let item = request.path.hasSuffix("/secrets") ? String(decoding: secret.bytes, as: UTF8.self) : configuration
      return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(item)]}"#)
    }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(try authority.get().authorityFile)
    let cluster = ClusterConfiguration(host: "127.0.0.1", port: server.port, tls: tls, credential: .none)
    let client = KubernetesClient(
      cluster, metrics: ClientMetrics(PrometheusRegistry(ClientMetrics.families)), logger: silent)
    let keeper = CertificateKeeper(
      client, settings: settings, logger: silent, use: CertificateUse(serve: { _, _ in }, refuse: { _ in }),
      wallTime: {
        looks.withLock { $0 += 1 }
        return clock.now
      })
    let work = Task {
      async let watching: Void = keeper.watch()
      async let leading: Void = keeper.lead(mayWrite: { true })
      _ = await (watching, leading)
    }
    let areBothTried = try await eventually { tried.withLock { $0.values.contains { $0.count == 2 } } }
    #expect(areBothTried)
    work.cancel()
    await work.value
    await client.shutdown()
    await server.stop()
  }
}
