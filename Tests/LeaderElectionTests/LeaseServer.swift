import Foundation
import JSONBytes
import KubernetesClient
import NIOHTTP1
import NIOSSL
import Synchronization
import TestSupport

/// An API server with one Lease, which the test can cut off from clients with a certain token.
final class LeaseServer: Sendable {
  private struct State {
    var lease: JSONValue?
    var version = 0
    var isCutOff: Set<String> = []
    var readers: Set<String> = []
  }

  private let state = Mutex(State())
  private let started = Mutex<FakeServer?>(nil)

  static func start() async throws -> LeaseServer {
    let leases = LeaseServer()
    let server = try await FakeServer.start(defaultPair.get()) { _, request in leases.answer(request) }
    leases.started.withLock { $0 = server }
    return leases
  }

  func stop() async { await started.withLock { $0 }?.stop() }

  /// Stops answering clients with this token, or answers them again.
  func cutOff(_ token: String, _ isCutOff: Bool = true) {
    state.withLock { state in
      if isCutOff { state.isCutOff.insert(token) } else { state.isCutOff.remove(token) }
    }
  }

  func deleteLease() { state.withLock { $0.lease = nil } }

  var holder: String? { state.withLock { $0.lease?["spec"]?["holderIdentity"]?.string } }
  /// The clients that have read the Lease while it existed.
  var readers: Set<String> { state.withLock { $0.readers } }

  /// The configuration with which a client with this token connects.
  func cluster(_ token: String) throws -> ClusterConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(try authority.get().authorityFile)
    return ClusterConfiguration(
      host: "127.0.0.1", port: started.withLock { $0?.port ?? 0 }, tls: tls, credential: .token(token))
  }

  private func answer(_ request: FakeServer.Request) -> FakeServer.Answer {
    let token = String((request.token ?? "").dropFirst("Bearer ".count))
    return state.withLock { state in
      guard !state.isCutOff.contains(token) else { return .silence }
      guard request.method != .GET else {
        guard let lease = state.lease else { return .status(404, "NotFound", "no lease") }
        state.readers.insert(token)
        return .json(200, String(decoding: lease.bytes, as: UTF8.self))
      }
      guard case .object(var body)? = try? JSONValue(parsing: Array(request.body.utf8)),
        case .object(var metadata)? = body["metadata"]
      else { return .status(400, "BadRequest", "no object") }
      if request.method == .POST {
        guard state.lease == nil else { return .status(409, "AlreadyExists", "it is there") }
      } else {
        guard let lease = state.lease else { return .status(404, "NotFound", "no lease") }
        guard metadata["resourceVersion"] == lease["metadata"]?["resourceVersion"] else {
          return .status(409, "Conflict", "it has changed")
        }
      }
      state.version += 1
      metadata["resourceVersion"] = .string(String(state.version))
      body["metadata"] = .object(metadata)
      let lease = JSONValue.object(body)
      state.lease = lease
      return .json(200, String(decoding: lease.bytes, as: UTF8.self))
    }
  }
}
