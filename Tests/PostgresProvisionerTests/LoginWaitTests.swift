import Contract
import Foundation
import LibPQ
import Linux
import TestThreads
import Testing
import ThrowawayPostgres

/// `postern-sidecar wait`, on real servers.
@Suite(.blocking) struct LoginWaitTests {
  /// The files of a connection, as the kubelet lays them out, and the program that waits for its database.
  private final class Waiting {
    let folder = FileManager.default.temporaryDirectory.appending(path: "binding-\(UUID().uuidString)")
    private let process: ChildProcess
    private let log: URL
    private var generation = 1

    init(_ server: PostgresServer, _ changes: [String: String?] = [:]) throws {
      log = folder.appendingPathExtension("log")
      var program = ChildProgram(SidecarProcess.program.path, [ServiceBinding.waitArguments[0], folder.path])
      program.environment = [:]
      (program.output, program.errors) = (.file(log.path), .asOutput)
      try Self.write(server, changes, to: folder, 1)
      process = try program.start()
    }

    deinit {
      process.kill()
      try? FileManager.default.removeItem(at: folder)
      try? FileManager.default.removeItem(at: log)
    }

    func write(_ server: PostgresServer, _ changes: [String: String?]) throws {
      generation += 1
      try Self.write(server, changes, to: folder, generation)
    }

    /// Writes all files, and shows them by one link.
    private static func write(
      _ server: PostgresServer, _ changes: [String: String?], to folder: URL, _ generation: Int
    ) throws {
      var files: [String: String?] = [
        "host": "127.0.0.1", "port": String(server.port), "username": "shop", "password": "sesame-4711",
        "database": "orders",
      ]
      files.merge(changes) { $1 }
      let version = folder.appending(path: "..\(generation)")
      try FileManager.default.createDirectory(at: version, withIntermediateDirectories: true)
      for case (let name, let text?) in files { try Data(text.utf8).write(to: version.appending(path: name)) }
      let link = folder.appending(path: "..data")
      try? FileManager.default.removeItem(at: link)
      try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "..\(generation)")
    }

    var output: String { String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self) }

    func says(_ text: String) -> Bool { eventually { output.contains(text) } }

    /// The exit code when it has ended.
    func exitCode() -> Int32? { process.waitForEnd(within: 60_000)?.status }

    func terminate() { process.terminate() }
  }

  private static func provision(_ server: PostgresServer) throws {
    let connection = try server.connect()
    try connection.execute("CREATE ROLE shop LOGIN PASSWORD 'sesame-4711'")
    try connection.execute("CREATE DATABASE orders OWNER shop")
  }

  @Test(arguments: PostgresInstallation.all)
  func waitsUntilTheDatabaseTakesTheLogin(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let waiting = try Waiting(server, ["password": "wrong"])
    #expect(waiting.says("waiting for"), "\(waiting.output)")
    try Self.provision(server)
    // A password that comes late is read anew.
    try waiting.write(server, [:])
    #expect(waiting.exitCode() == 0, "\(waiting.output)")
    #expect(waiting.output.hasSuffix("the database takes the login\n"))
    #expect(!waiting.output.contains("sesame"))
    // Each reason is said once.
    let lines = waiting.output.split(separator: "\n")
    #expect(Set(lines).count == lines.count, "\(waiting.output)")
  }

  @Test(
    arguments: [
      (["database": nil], "may use no database yet"), (["port": "x"], "holds no port"), (["host": nil], "host"),
      (["port": "1"], "waiting for"),
    ] as [([String: String?], String)])
  func saysWhatIsMissingAndEndsWhenAsked(changes: [String: String?], message: String) throws {
    let server = try PostgresServer(#require(PostgresInstallation.all.last))
    let waiting = try Waiting(server, changes)
    #expect(waiting.says(message), "\(waiting.output)")
    waiting.terminate()
    #expect(waiting.exitCode() == 1)
  }

  /// The certificate of the server's authority is the application's, so an encrypted connection is enough here.
  @Test(arguments: PostgresInstallation.built(with: .tls))
  func waitsThroughTLSWithoutTheAuthoritysCertificate(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try server.presentCertificate()
    try Self.provision(server)
    try server.connect().execute("SELECT pg_reload_conf()")
    let waiting = try Waiting(server, ["sslmode": "verify-full", "sslrootcert": "/nonexistent/ca.crt"])
    #expect(waiting.exitCode() == 0, "\(waiting.output)")
  }
}
