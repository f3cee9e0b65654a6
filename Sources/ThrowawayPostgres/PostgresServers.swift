import Foundation

/// The servers that run for the tests: those that tests share, and all of them, so that they can be ended with the
/// tests.
final class PostgresServers: @unchecked Sendable {
  static let running = PostgresServers()

  private let lock = NSLock()
  private var shared: [Int: PostgresServer] = [:]
  private var all: [ObjectIdentifier: Weak] = [:]
  private var initial: [URL: URL] = [:]

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

  /// The folder with an installation's ``InitialData``, made at the first call. Nothing but copies may be started.
  func initialData(_ installation: PostgresInstallation) throws -> URL {
    try initializing.withLock {
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

  private let sharing = NSLock()
  private let initializing = NSLock()

  private func stopAll() {
    for folder in initializing.withLock({ initial.values }) { try? FileManager.default.removeItem(at: folder) }
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
