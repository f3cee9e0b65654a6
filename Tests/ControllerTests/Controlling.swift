import KubernetesClient
import Logging
import NIOSSL
import PrometheusText
import TestSupport

@testable import Controller

/// A controller that watches a test's server.
func controlling(
  _ script: @escaping FakeServer.Script, settings change: (inout ClientSettings) -> Void = { _ in },
  namespaces: [String]? = nil, sidecarUpdate: SidecarUpdateSettings? = nil,
  statusQuestion: StatusQuestion? = nil, restarts: RestartSettings? = nil, logger: Logger = silent,
  _ test: (FakeServer, Controller, PrometheusRegistry) async throws -> Void
) async throws {
  let server = try await FakeServer.start(defaultPair.get(), script: script)
  var tls = TLSConfiguration.makeClientConfiguration()
  tls.trustRoots = .file(try authority.get().authorityFile)
  let cluster = ClusterConfiguration(host: "127.0.0.1", port: server.port, tls: tls, credential: .none)
  var clientSettings = ClientSettings()
  clientSettings.retryDelay = .milliseconds(1)
  clientSettings.maximumLeftOutDelay = .milliseconds(1)
  clientSettings.requestsPerSecond = 10_000
  change(&clientSettings)
  let registry = PrometheusRegistry(ControllerMetrics.families + ClientMetrics.families)
  let client = KubernetesClient(
    cluster, settings: clientSettings, metrics: ClientMetrics(registry), logger: silent)
  var settings = ControllerSettings(namespaces: namespaces)
  settings.retryDelay = .milliseconds(1)
  settings.eventRetryInterval = .milliseconds(10)
  settings.sidecarUpdate = sidecarUpdate
  settings.statusQuestion = statusQuestion
  settings.restarts = restarts
  let controller = Controller(
    client: client, settings: settings, metrics: ControllerMetrics(registry), logger: logger)
  let watching = Task { await controller.watch() }
  let result: Result<Void, any Error>
  do { result = .success(try await test(server, controller, registry)) } catch { result = .failure(error) }
  watching.cancel()
  await watching.value
  await client.shutdown()
  await server.stop()
  try result.get()
}

/// Lets the controller lead while the test runs.
func leading(
  _ controller: Controller, mayWrite: @escaping @Sendable () -> Bool = { true }, _ test: () async throws -> Void
) async throws {
  let work = Task { await controller.lead(mayWrite: mayWrite) }
  let result: Result<Void, any Error>
  do { result = .success(try await test()) } catch { result = .failure(error) }
  work.cancel()
  await work.value
  try result.get()
}
