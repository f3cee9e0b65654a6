package import FoundationEssentials
import Glibc
package import LibPQ
import Linux
import Synchronization

/// Why there is no throwaway server.
package struct PostgresServerError: Error, CustomStringConvertible {
  /// What went wrong, with the server's log where there is one.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A throwaway server on a free port of 127.0.0.1, as `initdb` makes it, with its data and its socket in a folder of
/// its own. Data of the superuser `postgres` with the default password is made once for a version, and copied: `initdb`
/// is the half of what a server's first second costs. The server ends and the folder is removed with this object, at ``stop()``, or when the tests end.
package final class PostgresServer: Sendable {
  /// The programs that it runs.
  package let installation: PostgresInstallation
  /// Its TCP port on 127.0.0.1.
  package let port: Int
  /// The bootstrap superuser's name.
  package let superuser: String
  /// The bootstrap superuser's password.
  package let password: String
  /// The folder that holds its socket, data and log.
  package let folder: URL

  private let configuration: [String]
  private let process = Mutex<ChildProcess?>(nil)

  /// Makes a cluster and starts a server on it.
  /// - Parameters:
  ///   - configuration: additional lines for postgresql.conf.
  ///   - hostAuthentication: pg_hba's method over TCP; over the socket it is always trust.
  ///   - trustsSuperuser: whether the superuser needs no password over loopback, as in the official image.
  package init(
    _ installation: PostgresInstallation, superuser: String = InitialData.superuser,
    password: String = InitialData.password, configuration: [String] = [],
    hostAuthentication: String = InitialData.hostAuthentication, trustsSuperuser: Bool = false
  ) throws {
    self.installation = installation
    self.superuser = superuser
    self.password = password
    self.configuration = configuration
    port = try FreePort.next()
    folder = try Self.makeFolder()
    do {
      try initializeData(hostAuthentication: hostAuthentication)
      if trustsSuperuser { try trustSuperuser() }
      try start()
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  /// Makes a standby of a running server, by streaming replication, and starts it.
  /// - Parameter isHot: whether it lets in before it is promoted; otherwise this does not wait for it.
  package init(standbyOf primary: PostgresServer, isHot: Bool = true) throws {
    installation = primary.installation
    superuser = primary.superuser
    password = primary.password
    configuration = primary.configuration + (isHot ? [] : [Self.notHot])
    port = try FreePort.next()
    folder = try Self.makeFolder()
    do {
      try installation.run(
        "pg_basebackup",
        [
          "--dbname", "host=\(primary.folder.path) port=\(primary.port) user=\(primary.superuser)",
          "--pgdata", data.path, "--checkpoint=fast", "--write-recovery-conf", "--no-sync",
        ])
      try start()
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  deinit {
    stop()
  }

  private static let notHot = "hot_standby=off"

  /// Makes a standby a primary, also one that lets nobody in.
  package func promote() throws { try installation.run("pg_ctl", ["promote", "--pgdata", data.path]) }

  static func makeFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pg-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Unprivileged.own(folder)
    return folder
  }

  /// Makes a cluster in the data folder, which must not exist yet.
  private func initializeData(hostAuthentication: String) throws {
    let wanted = InitialData(superuser: superuser, password: password, hostAuthentication: hostAuthentication)
    guard wanted == InitialData() else { return try wanted.make(in: folder, installation) }
    let made = try PostgresServers.running.initialData(installation)
    try installation.run("cp", ["-a", made.appending(path: "data").path, data.path], from: URL(filePath: "/bin"))
  }

  /// Adds the line at the top, because the first line of pg_hba.conf that matches decides.
  private func trustSuperuser() throws {
    let file = data.appending(path: "pg_hba.conf")
    let lines = try String(contentsOf: file, encoding: .utf8)
    let name = superuser.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    try Data("host all \"\(name)\" 127.0.0.1/32 trust\n\(lines)".utf8).write(to: file)
    try Unprivileged.own(file)
  }

  private var data: URL { folder.appending(path: "data") }
  private var logFile: URL { folder.appending(path: "log") }

  /// The server's log. It includes statements if `configuration` asks for that.
  package var log: String {
    String(decoding: (try? Data(contentsOf: logFile)) ?? Data(), as: UTF8.self)
  }

  /// Settings with which the superuser logs in over TCP.
  package var settings: ConnectionSettings { settings() }

  /// Settings with which a user logs in over TCP; by default the superuser.
  package func settings(
    user: String? = nil, password: String? = nil, database: String = "postgres"
  ) -> ConnectionSettings {
    ConnectionSettings(
      port: port, user: user ?? superuser, password: user == nil ? self.password : password, database: database,
      applicationName: "tests")
  }

  /// Logs in as the superuser.
  package func connect(database: String = "postgres") throws -> Connection {
    try Connection(settings(database: database))
  }

  /// Starts the server, which must not be running, and waits until it accepts connections.
  /// - Parameter onSocketAlone: whether it listens only on its socket, as the official image's server does on first
  ///   boot.
  package func start(onSocketAlone: Bool = false) throws {
    var options = [
      "-D", data.path, "-p", String(port), "-k", folder.path, "-h", onSocketAlone ? "" : "127.0.0.1", "-c", "fsync=off",
      "-c", "full_page_writes=off", "-c", "max_connections=50", "-c", "shared_buffers=16MB", "-c", "log_timezone=UTC",
      "-c", "dynamic_shared_memory_type=mmap",
    ]
    for line in configuration { options += ["-c", line] }
    var command = Unprivileged.program(installation.programs.appending(path: "postgres").path, options)
    command.output = .file(logFile.path)
    let server: ChildProcess
    do { server = try command.start() } catch { throw PostgresServerError(error.message) }
    process.withLock { $0 = server }
    PostgresServers.running.add(self)
    if configuration.contains(Self.notHot) { return }
    try waitUntilAccepting(server, host: onSocketAlone ? folder.path : "127.0.0.1")
  }

  /// Ends the server, and keeps its data for another ``start(onSocketAlone:)``. If a signal does not end it, the next
  /// harder signal is sent, as the kubelet does.
  /// - Parameters:
  ///   - immediately: whether it ends as after a crash (SIGQUIT), instead of a fast but clean shutdown (SIGINT).
  ///   - patience: how many seconds a clean shutdown may take. A session's process that is stuck can prevent it, and so
  ///     can a recovery that is running when the signal comes.
  package func halt(immediately: Bool = false, patience: Double = 20) {
    let server = process.withLock { process in
      defer { process = nil }
      return process
    }
    guard let server else { return }
    // After SIGQUIT, Postgres itself kills what has not ended within five seconds.
    let steps = [(SIGINT, patience), (SIGQUIT, 10), (SIGKILL, 10)]
    for (signal, seconds) in steps.dropFirst(immediately ? 1 : 0) {
      server.signal(signal)
      if server.waitForEnd(within: Int(seconds * 1000)) != nil { return }
    }
  }

  /// Ends the server and starts it again on the same data and port.
  package func restart() throws {
    halt()
    try start()
  }

  /// Ends the server and starts it on the same port with new data from `initdb`.
  package func renew() throws {
    halt()
    try FileManager.default.removeItem(at: data)
    try initializeData(hostAuthentication: "scram-sha-256")
    try start()
  }

  /// Ends the server and removes its folder.
  package func stop() {
    halt(immediately: true)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Whether it is this server that accepts connections. Another server may have taken the port first, but only this
  /// one writes the status into its data folder (PostgreSQL's src/include/utils/pidfile.h).
  private var isReady: Bool {
    guard let text = try? String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8) else {
      return false
    }
    return text.split(separator: "\n").last?.hasPrefix("ready") == true
  }

  private func waitUntilAccepting(_ server: ChildProcess, host: String) throws {
    let deadline = SystemClock.monotonicMilliseconds + 60_000
    while try Connection.ping(host: host, port: port) != .accepting || !isReady {
      guard server.isRunning, SystemClock.monotonicMilliseconds < deadline else {
        throw PostgresServerError("\(installation) does not start: \(log)")
      }
      SystemClock.sleep(milliseconds: 10)
    }
  }
}
