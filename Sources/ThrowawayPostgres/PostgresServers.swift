import FoundationEssentials
import Glibc
import Synchronization

/// The servers that run for the tests: those that tests share, and all of them, so that they can be ended with the
/// tests.
final class PostgresServers: Sendable {
  static let running = PostgresServers()

  // Starting a server adds it to all. So each has a lock of its own.
  private let shared = Mutex<[Int: PostgresServer]>([:])
  private let all = Mutex<[ObjectIdentifier: Weak]>([:])
  private let initial = Mutex<[URL: URL]>([:])

  private struct Weak {
    weak var server: PostgresServer?
  }

  private init() {
    atexit { PostgresServers.running.stopAll() }
  }

  func add(_ server: PostgresServer) {
    all.withLock { $0[ObjectIdentifier(server)] = Weak(server: server) }
  }

  func shared(_ installation: PostgresInstallation) throws -> PostgresServer {
    try shared.withLock { shared in
      if let server = shared[installation.majorVersion] { return server }
      let server = try PostgresServer(installation)
      shared[installation.majorVersion] = server
      return server
    }
  }

  /// The folder with an installation's ``InitialData``, made at the first call. Nothing but copies may be started.
  func initialData(_ installation: PostgresInstallation) throws -> URL {
    try initial.withLock { initial in
      if let folder = initial[installation.programs] { return folder }
      let folder = try PostgresServer.makeFolder()
      do { try InitialData().make(in: folder, installation) } catch {
        try? FileManager.default.removeItem(at: folder)
        throw error
      }
      initial[installation.programs] = folder
      return folder
    }
  }

  private func stopAll() {
    for folder in initial.withLock({ Array($0.values) }) { try? FileManager.default.removeItem(at: folder) }
    let servers = all.withLock { $0.values.compactMap(\.server) }
    for server in servers { server.stop() }
  }
}

extension PostgresServer {
  /// One server for all tests of a version that can live with objects of other tests in it and do not restart it. Such
  /// tests choose names of their own.
  package static func shared(_ installation: PostgresInstallation) throws -> PostgresServer {
    try PostgresServers.running.shared(installation)
  }
}
