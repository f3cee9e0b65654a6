import AsyncHTTPClient
import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import PrometheusText
import Synchronization
import TestSupport
import TextEncoding
import WebhookServer

@testable import ServingCertificate

/// A wall clock that tests set.
final class WallClock: Sendable {
  private let offset: Mutex<Int>

  /// A clock that differs from the real one by this many days.
  init(days: Int = 0) { offset = Mutex(days * 86_400) }

  func set(days: Int) { offset.withLock { $0 = days * 86_400 } }
  var now: Int { Int(Date().timeIntervalSince1970) + offset.withLock { $0 } }
}

/// One namespace and one pair of webhook configurations of a real API server.
struct Room {
  let name: String
  let client: KubernetesClient
  let clock = WallClock()
  var settings: CertificateSettings

  /// Creates the namespace and the configurations. Each has two webhooks, to which nothing is sent.
  init(_ name: String, hasConfigurations: Bool = true, settleTime: Duration = .seconds(1)) async throws {
    self.name = name
    client = try await APIServer.shared.value.client()
    settings = CertificateSettings(namespace: name, service: "postern")
    settings.configuration = name
    settings.pollInterval = .milliseconds(50)
    settings.settleTime = settleTime
    // Certificates that are old by the test's clock must be valid by the clock that TLS uses.
    settings.policy.authorityLife = 1200 * 86_400
    settings.policy.servingLife = 900 * 86_400
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(name)"}}"#))
    if hasConfigurations { try await makeConfigurations() }
  }

  func makeConfigurations() async throws {
    for resource in CertificateKeeper.configurations {
      let webhooks = ["a", "b"].map { webhook in
        """
        {"name":"\(webhook).\(name).example","sideEffects":"None","admissionReviewVersions":["v1"],
        "clientConfig":{"service":{"name":"postern","namespace":"\(name)"}},
        "rules":[{"apiGroups":["none.example"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["nothing"]}]}
        """
      }
      try await client.create(
        resource, try json(#"{"metadata":{"name":"\#(name)"},"webhooks":[\#(webhooks.joined(separator: ","))]}"#))
    }
  }

  /// The `caBundle` of every webhook of both configurations, decoded; nil: none.
  func bundles() async throws -> [String?] {
    var bundles: [String?] = []
    for resource in CertificateKeeper.configurations {
      for webhook in try await client.get(resource, name)["webhooks"]?.array ?? [] {
        let encoded = webhook["clientConfig"]?["caBundle"]?.string
        bundles.append(encoded.flatMap { Base64.decoded($0) }.map { String(decoding: $0, as: UTF8.self) })
      }
    }
    return bundles
  }

  func secret() async throws -> CertificateSecret {
    CertificateSecret(try await client.get(.secrets, settings.secret, in: name))
  }

  func write(_ secret: CertificateSecret) async throws {
    let old = try await client.get(.secrets, settings.secret, in: name)
    try await client.update(.secrets, secret.secret(settings.secret, in: name, replacing: old))
  }

  /// Whether every `caBundle` equals the Secret's authorities.
  func isPublished() async throws -> Bool {
    let authorities = try await secret().authorities
    return try await bundles().allSatisfy { $0 == authorities }
  }

  /// Starts replicas, runs the test, and ends them.
  func running(
    _ count: Int, leaders: Int = 1, mayWrite: @escaping @Sendable () -> Bool = { true },
    _ test: ([Replica]) async throws -> Void
  ) async throws {
    var replicas: [Replica] = []
    for index in 0..<count { replicas.append(try await Replica(self, mayWrite: index < leaders ? mayWrite : nil)) }
    let result: Result<Void, any Error>
    do { result = .success(try await test(replicas)) } catch { result = .failure(error) }
    for replica in replicas { await replica.end() }
    await client.shutdown()
    try result.get()
  }
}

/// A webhook's server, with the keeper of its certificate.
final class Replica: Sendable {
  let server: WebhookServer
  let keeper: CertificateKeeper
  private let registry = PrometheusRegistry(ServerMetrics.families)
  private let serverName: String
  private let task: Task<Void, Never>

  init(_ room: Room, mayWrite: (@Sendable () -> Bool)?) async throws {
    var configuration = ServerConfiguration(port: 0, certificate: .memory)
    configuration.host = "127.0.0.1"
    configuration.operationsPort = 0
    configuration.drainTime = .zero
    let server = try await WebhookServer.start(
      configuration, logger: silent, metrics: ServerMetrics(registry), health: ServerHealth()
    ) { _, body in WebhookReply(status: 200, body: body) }
    self.server = server
    serverName = "postern.\(room.name).svc"
    let clock = room.clock
    let keeper = CertificateKeeper(
      room.client, settings: room.settings, logger: silent,
      use: CertificateUse(
        serve: { server.use(certificateChain: Array($0.utf8), privateKey: Array($1.utf8)) },
        refuse: { server.refuseCertificate($0) }),
      wallTime: { clock.now })
    self.keeper = keeper
    task = Task {
      await withTaskGroup { group in
        group.addTask { await keeper.watch() }
        if let mayWrite { group.addTask { await keeper.lead(mayWrite: mayWrite) } }
      }
    }
  }

  func end() async {
    task.cancel()
    await task.value
    await server.shutdown()
  }

  struct Refused: Error { let status: Int }

  /// How many certificates were refused.
  var refused: Int {
    let prefix = "postern_certificate_reload_failures_total "
    let line = registry.text().split(separator: "\n").first { $0.hasPrefix(prefix) }
    return line.flatMap { Int($0.dropFirst(prefix.count)) } ?? 0
  }

  /// Calls it on a new connection, as an API server does that trusts these authorities.
  func call(trusting authorities: String) async throws {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorities.utf8)))
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    // The client retries the connection for this long.
    configuration.timeout.connect = .seconds(5)
    configuration.dnsOverride = [serverName: "127.0.0.1"]
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    var request = HTTPClientRequest(url: "https://\(serverName):\(server.port)/validate")
    request.method = .POST
    request.headers = ["Content-Type": "application/json"]
    request.body = .bytes(ByteBuffer(string: "{}"))
    let result: Result<HTTPClientResponse, any Error>
    do { result = .success(try await client.execute(request, timeout: .seconds(30))) } catch {
      result = .failure(error)
    }
    try? await client.shutdown()
    let status = try result.get().status
    guard status == .ok else { throw Refused(status: Int(status.code)) }
  }

  func isTrusted(_ authorities: String?) async -> Bool {
    guard let authorities else { return false }
    return (try? await call(trusting: authorities)) != nil
  }

  /// What `/readyz` answers on the port of operations.
  func readiness() async throws -> Int {
    let url = "http://127.0.0.1:\(server.operationsPort ?? 0)/readyz"
    return Int(try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(30)).status.code)
  }
}
