import Foundation
import JSONBytes
import KubernetesAPI
import Logging
import NIOSSL
import PrometheusText
import Synchronization
import TestSupport

@testable import KubernetesClient

/// A clock whose waits end at once and are recorded.
final class FakeTime: Sendable {
  private let state = Mutex<(now: Duration, waits: [Duration])>((.zero, []))

  var waits: [Duration] { state.withLock { $0.waits } }
  func pass(_ duration: Duration) { state.withLock { $0.now += duration } }

  var time: Time {
    Time(
      now: { self.state.withLock { $0.now } },
      sleep: { duration in
        self.state.withLock { $0.waits.append(duration) }
        try Task.checkCancellation()
        await Task.yield()
      })
  }
}

/// A client and its server.
struct Talk {
  let server: FakeServer
  let client: KubernetesClient
  let time: FakeTime
  let registry: PrometheusRegistry
}

/// The configuration for a test's server.
func cluster(_ port: Int, credential: ClusterConfiguration.Credential = .token("s3cr3t")) throws -> ClusterConfiguration
{
  var tls = ClusterConfiguration.clientTLS()
  tls.trustRoots = .file(try authority.get().authorityFile)
  return ClusterConfiguration(host: "127.0.0.1", port: port, tls: tls, credential: credential)
}

/// Starts a server with these answers and a client for it, runs the test, and shuts both down.
func talking(
  _ script: @escaping FakeServer.Script, at host: String = "127.0.0.1", forwarding: FakePortForward? = nil,
  settings change: (inout ClientSettings) -> Void = { _ in },
  cluster changeCluster: (inout ClusterConfiguration) -> Void = { _ in },
  _ test: (Talk) async throws -> Void
) async throws {
  let server = try await FakeServer.start(defaultPair.get(), host: host, forwarding: forwarding, script: script)
  var settings = ClientSettings()
  change(&settings)
  var cluster = try cluster(server.port)
  cluster.host = host
  changeCluster(&cluster)
  let time = FakeTime()
  let registry = PrometheusRegistry(ClientMetrics.families)
  let client = KubernetesClient(
    cluster, settings: settings, metrics: ClientMetrics(registry), logger: silent, time: time.time)
  let result: Result<Void, any Error>
  do { result = .success(try await test(Talk(server: server, client: client, time: time, registry: registry))) } catch {
    result = .failure(error)
  }
  await client.shutdown()
  await server.stop()
  try result.get()
}

/// The error that an operation throws; nil where it throws none, or an error of another type.
func failure<Value>(_ operation: () async throws -> Value) async -> KubernetesError? {
  do {
    _ = try await operation()
    return nil
  } catch {
    return error as? KubernetesError
  }
}

/// An object of this name and resource version.
func object(_ name: String, _ version: Int) -> String {
  #"{"metadata":{"name":"\#(name)","namespace":"shop","resourceVersion":"\#(version)"}}"#
}

/// A list of these objects.
func list(_ version: Int, _ items: [String], more: String = "") -> FakeServer.Answer {
  .json(
    200,
    #"{"kind":"List","metadata":{"resourceVersion":"\#(version)","continue":"\#(more)"},"#
      + #""items":[\#(items.joined(separator: ","))]}"#)
}

/// One event of a watch.
func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }

/// Records what a consumer was told: `=a,b` for a list, `+a@8` for a change, `-a@9` for an object that is gone.
final class Told: Sendable {
  private let state = Mutex<(log: [String], listing: [String]?)>(([], nil))
  var all: [String] { state.withLock { $0.log } }

  func take(_ change: Change<ObjectHeader>) {
    state.withLock { state in
      switch change {
      case .listing: state.listing = []
      case .present(let object):
        if state.listing != nil {
          state.listing?.append(object.name)
        } else {
          state.log.append("+\(object.name)@\(object.resourceVersion)")
        }
      case .listed:
        state.log.append("=" + (state.listing ?? []).joined(separator: ","))
        state.listing = nil
      case .deleted(let object): state.log.append("-\(object.name)@\(object.resourceVersion)")
      }
    }
  }
}

extension ObjectHeader {
  /// Reads objects as a client does.
  static let reader = ObjectReader { object throws(JSONError) in try ObjectHeader(object) }
}

extension KubernetesClient {
  /// The events of a watch, as trees.
  func watch(
    _ selection: Selection, from resourceVersion: String
  ) async throws(KubernetesError) -> WatchEvents<JSONValue> {
    try await watch(selection, from: resourceVersion, as: .tree)
  }
}
