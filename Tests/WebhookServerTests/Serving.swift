import Dispatch
import Logging
import PrometheusText
import Synchronization
import TestSupport

@testable import WebhookServer

/// A configuration on a free port of this machine, with the common pair or a given one.
func configuration(_ pair: Certificates.Pair? = nil) throws -> ServerConfiguration {
  let pair = try pair ?? defaultPair.get()
  var configuration = ServerConfiguration(
    port: 0, certificateFile: pair.certificateFile, privateKeyFile: pair.privateKeyFile)
  configuration.host = "127.0.0.1"
  configuration.drainTime = .zero
  configuration.idleTimeout = .seconds(3600)
  return configuration
}

/// Answers with the body as it came, with the first letter of the path before it.
@Sendable func echo(_ path: WebhookPath, _ body: [UInt8]) -> WebhookReply {
  WebhookReply(status: 200, body: Array((path == .mutate ? "m" : "v").utf8) + body)
}

/// Starts a server, runs the test, and shuts the server down.
func serving(
  _ configuration: ServerConfiguration, logger: Logger = silent, health: ServerHealth = ServerHealth(),
  registry: PrometheusRegistry = PrometheusRegistry(ServerMetrics.families),
  answer: @escaping @Sendable (WebhookPath, [UInt8]) -> WebhookReply = echo,
  _ test: (WebhookServer) async throws -> Void
) async throws {
  let server = try await WebhookServer.start(
    configuration, logger: logger, metrics: ServerMetrics(registry), health: health, answer: answer)
  do {
    try await test(server)
  } catch {
    await server.shutdown()
    throw error
  }
  await server.shutdown()
}

extension WebhookServer {
  /// A client of this server that trusts the common authority.
  func client(reads: Bool = true) async throws -> Client {
    try await Client.connect(port, trusting: authority.get().authorityFile, reads: reads)
  }
}

/// A flag that is set once and visible to all tasks.
final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}

extension PrometheusRegistry {
  /// The number of a series, as it is written; nil where there is no such series.
  func value(_ series: String) -> String? {
    text().split(separator: "\n").first { $0.hasPrefix("\(series) ") }.map {
      String($0.dropFirst(series.utf8.count + 1))
    }
  }

  var reloadFailures: String? { value("postern_certificate_reload_failures_total") }
}

/// Blocks answers of the tests, which are made on a thread of their own, until it is opened.
final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  func open() { semaphore.signal() }
  func wait() {
    semaphore.wait()
    semaphore.signal()
  }
}

extension WebhookServer {
  /// Reads the certificate and the key now, as the server does every `tlsReloadInterval`. Returns whether a new pair
  /// was taken.
  @discardableResult
  func reloadNow() -> Bool { certificates.reload() }
}
