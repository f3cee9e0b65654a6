import DatabaseSpec
import Foundation
import LibPQ
import Linux
import PostgresProvisioner
import ThrowawayPostgres
import TestThreads
import Testing

/// The real sidecar with real servers.
@Suite(.blocking) struct SidecarTests {
  private func swap(
    _ volume: SidecarVolume, _ server: PostgresServer, users: [String], password: String = "sesame"
  ) throws {
    let names = try users.map { try PostgresName($0) }
    let databases = try users.map { Database(name: try PostgresName("\($0)_db"), owner: try PostgresName($0)) }
    let spec = InstanceSpec(customer: "acme", users: names.map { User(name: $0) }, databases: databases)
    let passwords = Dictionary(uniqueKeysWithValues: users.map { ($0, password) })
    try volume.swap(spec, passwords: passwords, adminPassword: server.password)
  }

  private func canLogIn(_ server: PostgresServer, _ user: String, _ password: String = "sesame") -> Bool {
    let settings = server.settings(user: user, password: password, database: "\(user)_db")
    do throws(PostgresError) {
      return try Connection(settings).query("SELECT 1").value(0, 0) == "1"
    } catch { return false }
  }

  @Test(arguments: PostgresInstallation.all)
  func makesWhatIsDeclaredAppliesASwappedVolumeLiveAndEndsWhenAsked(
    _ installation: PostgresInstallation
  ) throws {
    let server = try PostgresServer(installation)
    let volume = try SidecarVolume()
    try swap(volume, server, users: ["shop"])
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    #expect(canLogIn(server, "shop"))
    #expect(try sidecar.ready() == (0, ""))
    try swap(volume, server, users: ["shop", "other"])
    #expect(sidecar.wait { canLogIn(server, "other") }, "\(sidecar.log)")
    try swap(volume, server, users: ["shop", "other"], password: "new")
    #expect(sidecar.wait { canLogIn(server, "shop", "new") }, "\(sidecar.log)")
    #expect(!canLogIn(server, "shop", "sesame"))
    #expect(sidecar.terminate() == 0)
    for secret in ["sesame", server.password] {
      #expect(!sidecar.log.contains(secret))
      #expect(!server.log.contains(secret))
    }
    #expect(sidecar.log.hasSuffix("stopped\n"))
  }

  @Test func aRestartOfPostgresIsAnotherPostgresUntilItHasConverged() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    try swap(volume, server, users: ["shop"])
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    let start = sidecar.status?.postgresStart
    server.halt()
    #expect(sidecar.waitForStatus { !$0.isReady })
    let answer = try sidecar.ready()
    #expect(answer.code == 1)
    #expect(answer.output == "not ready: Postgres does not take connections on 127.0.0.1 or ::1, port \(server.port)\n")
    try server.start()
    #expect(sidecar.waitForStatus { $0.isReady && $0.postgresStart != start }, "\(sidecar.log)")
    #expect(sidecar.terminate() == 0)
  }

  @Test func waitsForPostgresAndForItsFilesWhicheverComesFirst() throws {
    let server = try PostgresServer(.newest)
    server.halt()
    let volume = try SidecarVolume()
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .waitingForPostgres })
    try server.start()
    #expect(sidecar.waitForStatus { $0.outcome == .waitingForFiles })
    #expect(try sidecar.ready().output.hasPrefix("not ready: spec.json is not there yet"))
    try swap(volume, server, users: ["shop"])
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    try volume.swap([:])
    #expect(sidecar.waitForStatus { $0.outcome == .waitingForFiles })
    #expect(sidecar.status?.isReady == true)
    #expect(canLogIn(server, "shop"))
  }

  @Test func aSuperusersPasswordThatIsWrongIsToldWithWhatToDoAndMendedByTheFiles() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "sesame"], adminPassword: "wrong-4711")
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("28P01") == true })
    #expect(sidecar.status?.message?.contains("the admin Secret must hold") == true)
    #expect(!sidecar.log.contains("wrong-4711"))
    try volume.swap(SidecarVolume.spec(), passwords: ["shop": "sesame"], adminPassword: server.password)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }

  @Test func endsWhenAskedWhilePostgresIsAwayAndInTheMiddleOfAScript() throws {
    let server = try PostgresServer(.newest)
    let script = "SELECT pg_sleep(600)"
    let volume = try SidecarVolume()
    try volume.swap(
      SidecarVolume.spec(scripts: [script]), passwords: ["shop": "sesame"], scripts: [script],
      adminPassword: server.password)
    let inScript = try SidecarProcess(volume, port: server.port)
    let observer = try server.connect()
    let isRunning = try inScript.wait {
      try observer.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").rowCount > 0
    }
    #expect(isRunning, "\(inScript.log)")
    #expect(inScript.terminate() == 0)
    let away = try SidecarProcess(volume, port: 1)
    #expect(away.waitForStatus { $0.outcome == .waitingForPostgres && $0.message != nil })
    #expect(away.terminate() == 0)
    #expect(away.log.hasSuffix("stopped\n"))
  }

  @Test func onceIsOnePass0WhereItConverged1WhereAnItemFailedOrThereAreNoFiles() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    #expect(try SidecarProcess(volume, port: server.port, flags: ["--once"]).exitCode() == 1)
    try swap(volume, server, users: ["shop"])
    #expect(try SidecarProcess(volume, port: server.port, flags: ["--once"]).exitCode() == 0)
    let script = "SELECT 1 / 0"
    try volume.swap(
      SidecarVolume.spec(scripts: [script]), passwords: ["shop": "sesame"], scripts: [script],
      adminPassword: server.password)
    let failing = try SidecarProcess(volume, port: server.port, flags: ["--once", "--log-format", "json"])
    #expect(failing.exitCode() == 1)
    #expect(failing.log.contains(#""sqlstate":"22012""#), "\(failing.log)")
  }

  @Test(arguments: ["127.0.0.1", "localhost", "socket"] + (File.exists("/proc/net/if_inet6") ? ["::1"] : []))
  func findsPostgresByAddressByNameAndByItsSocket(_ host: String) throws {
    let server = try PostgresServer(.newest, configuration: ["listen_addresses=127.0.0.1,::1"])
    let volume = try SidecarVolume()
    try swap(volume, server, users: ["shop"])
    let flags = ["--once", "--host", host == "socket" ? server.folder.path : host]
    let sidecar = try SidecarProcess(volume, port: server.port, flags: flags)
    #expect(sidecar.exitCode() == 0, "\(sidecar.log)")
    #expect(canLogIn(server, "shop"))
  }

  @Test func aSidecarThatIsKilledWhileAChangeFailsComesBackReady() throws {
    let server = try PostgresServer(.newest)
    let volume = try SidecarVolume()
    try swap(volume, server, users: ["shop"])
    let first = try SidecarProcess(volume, port: server.port)
    #expect(first.waitForStatus(\.isReady), "\(first.log)")
    let script = "SELECT 1 / 0"
    try volume.swap(
      SidecarVolume.spec(scripts: [script]), passwords: ["shop": "sesame"], scripts: [script],
      adminPassword: server.password)
    #expect(first.waitForStatus { $0.outcome == .incomplete && $0.isReady }, "\(first.log)")
    kill(first.identifier, SIGKILL)
    #expect(first.exitCode() == -1)
    let second = try SidecarProcess(volume, port: server.port, statusFile: first.statusFile)
    #expect(second.waitForStatus { $0.outcome == .incomplete && $0.customer != nil }, "\(second.log)")
    #expect(try second.ready() == (0, ""))
  }
}
