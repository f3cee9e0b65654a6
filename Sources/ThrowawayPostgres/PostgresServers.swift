import Foundation

/// The servers that run for the tests: those that tests share, and all of them, so that they can be ended with the
/// tests.
final class PostgresServers: @unchecked Sendable {
  static let running = PostgresServers()

  private let lock = NSLock()
  private var shared: [Int: PostgresServer] = [:]
  private var all: [ObjectIdentifier: Weak] = [:]

  private struct Weak {
    weak var server: PostgresServer?
  }

  private init() {
    atexit { PostgresServers.running.stopAll() }
  }

  func add(_ server: PostgresServer) {
    lock.withLock { all[ObjectIdentifier(server)] = Weak(server: server) }
  }

  func shared(_ installation: PostgresInstallation) throws -> PostgresServer {
    // Starting a server adds it to the list, which takes the list's lock. So another lock guards the shared servers.
    try sharing.withLock {
      if let server = shared[installation.majorVersion] { return server }
      let server = try PostgresServer(installation)
      shared[installation.majorVersion] = server
      return server
    }
  }

  private let sharing = NSLock()

  private func stopAll() {
    let servers = lock.withLock { all.values.compactMap(\.server) }
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
