import DatabaseSpec
import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// Faults of Postgres while the real sidecar runs.
@Suite(.blocking) struct ServerFaultTests {
  @Test(arguments: PostgresInstallation.all, [false, true])
  func stoppedInTheMiddleOfAPassAndStartedItIsProvisioned(
    _ installation: PostgresInstallation, _ immediately: Bool
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "orders", owner: "shop",
      scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS n; SELECT pg_advisory_xact_lock(7)")])
    try bench.server.connect().execute("CREATE DATABASE orders")
    let gate = try bench.server.connect(database: "orders")
    try gate.execute("SELECT pg_advisory_lock(7)")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(try sidecar.wait { try bench.isWaiting() }, "\(sidecar.log)")
    bench.server.halt(immediately: immediately)
    #expect(sidecar.waitForStatus { $0.outcome == .waitingForPostgres && $0.message != nil && !$0.isReady })
    #expect(sidecar.wait { sidecar.log.contains("waiting for Postgres") })
    try bench.server.start()
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    #expect(try bench.value("SELECT n FROM t", in: "orders", as: "shop") == "1")
    #expect(sidecar.complaints.count == 1, "\(sidecar.log)")
    #expect(sidecar.log.split(separator: "waiting for Postgres").count == 2, "\(sidecar.log)")
  }

  @Test(arguments: PostgresInstallation.all)
  func otherDataInThePlaceOfThoseBeforeAreProvisionedThoughNoFileChanged(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")])
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    let start = sidecar.status?.postgresStart
    // The sidecar is stopped while that happens, so it finds Postgres there before and after.
    kill(sidecar.identifier, SIGSTOP)
    try bench.server.renew()
    let gate = try bench.server.connect()
    try gate.execute("BEGIN; CREATE ROLE shop")
    kill(sidecar.identifier, SIGCONT)
    #expect(try sidecar.wait { try bench.isWaiting() }, "\(sidecar.log)")
    #expect(sidecar.status?.isReady == false)
    try gate.execute("ROLLBACK")
    #expect(sidecar.waitForStatus { $0.isReady && $0.postgresStart != start }, "\(sidecar.log)")
    #expect(try bench.value("SELECT n FROM t", in: "orders", as: "shop") == "1")
    #expect(sidecar.complaints.isEmpty, "\(sidecar.log)")
  }

  /// The lock belongs to a connection that is idle while a script runs. If the server ended that connection, the lock
  /// would be lost.
  @Test(arguments: PostgresInstallation.all)
  func aScriptMayTakeLongerThanASessionMayBeIdle(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: ["idle_session_timeout=200"])
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "SELECT pg_sleep(1)")])
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port, flags: ["--once"])
    #expect(sidecar.exitCode() == 0, "\(sidecar.log)")
    #expect(sidecar.complaints.isEmpty, "\(sidecar.log)")
  }

  /// The official image's entrypoint fills a new data directory through a server that listens only on its socket.
  @Test(arguments: PostgresInstallation.all)
  func aServerThatListensOnItsSocketAloneIsLeftAlone(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    bench.server.halt()
    try bench.server.start(onSocketAlone: true)
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .waitingForPostgres && $0.message != nil })
    var overSocket = bench.server.settings
    overSocket.host = bench.server.folder.path
    #expect(try Connection(overSocket).query("SELECT FROM pg_roles WHERE rolname = 'shop'").rowCount == 0)
    bench.server.halt()
    #expect(try sidecar.ready().code == 1)
    try bench.server.start()
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop'") == "1")
  }

  /// As after an upgrade of the system's library. libpq would print the server's words to stderr at each login, also at
  /// those of a ping where loopback trusts.
  @Test(arguments: PostgresInstallation.all)
  func aCollationOfAnotherVersionIsToldOnceInOwnWords(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, trustsSuperuser: true)
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "SELECT 1")])
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("UPDATE pg_database SET datcollversion = '0.7' WHERE datname <> 'template0'")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    let problems = try #require(sidecar.status?.problems)
    #expect(problems.map(\.item) == ["database orders"])
    let start = "was made with version 0.7 of its collation, and this system has "
    #expect(problems.first?.message.hasPrefix(start) == true)
    #expect(problems.first?.hint?.contains("REINDEX DATABASE \"orders\"") == true)
    try bench.user("late")
    try bench.fill(sidecar.volume)
    #expect(try sidecar.wait { try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'late'") == "1" })
    #expect(sidecar.waitForStatus { $0.outcome == .converged })
    #expect(!sidecar.log.contains("collation version"), "\(sidecar.log)")
    #expect(sidecar.log.split(separator: "version 0.7").count == 2, "\(sidecar.log)")
  }

  @Test(arguments: PostgresInstallation.all)
  func anItemThatFailsIsTriedAgainUntilItCanBeHadWithNoFileChanged(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("closed", owner: "shop")
    try bench.database("orders", owner: "shop")
    try bench.server.connect().execute("CREATE DATABASE closed ALLOW_CONNECTIONS false")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .incomplete }, "\(sidecar.log)")
    #expect(sidecar.status?.problems.map(\.item) == ["database closed"])
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop") == "1")
    #expect(sidecar.wait { sidecar.log.contains("trying again") })
    #expect(try sidecar.ready().output.hasPrefix("not ready: database closed: does not allow connections"))
    try bench.server.connect().execute("ALTER DATABASE closed ALLOW_CONNECTIONS true")
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    #expect(try bench.value("SELECT 1", in: "closed", as: "shop") == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func withNoConnectionLeftForUsersAllIsMadeButForScriptsWhichWait(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation, configuration: ["max_connections=8"])
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")])
    try bench.server.connect().execute("CREATE ROLE crowd LOGIN PASSWORD 'crowd-secret'")
    // Eight, less three that are reserved, less three that a pass uses while a script runs.
    var crowd = try (0..<5).map { _ in try Session(bench.server.settings(user: "crowd", password: "crowd-secret")) }
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .incomplete }, "\(sidecar.log)")
    let failed = sidecar.status?.problems.filter { $0.isFailure }
    #expect(failed?.map(\.item) == ["script 001 in orders"], "\(sidecar.log)")
    #expect(failed?.map(\.sqlState) == [SQLState.tooManyConnections])
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'orders'") == "shop")
    crowd.removeLast(3)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }

  @Test(arguments: PostgresInstallation.all)
  func withNoConnectionLeftAtAllItSaysSoStaysReadyAndGoesOnWhenThereIsOne(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation, configuration: ["max_connections=8"])
    try bench.user("shop")
    let volume = try bench.volume()
    var crowd = try (0..<8).map { _ in try Session(bench.server.settings) }
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains(SQLState.tooManyConnections) == true }, "\(sidecar.log)")
    #expect(sidecar.status?.message?.contains("max_connections") == true)
    #expect(sidecar.status?.isReady == false)
    crowd.removeLast(4)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")

    // A pass may hold some of them for a moment.
    let isFull = eventually {
      if let session = try? Session(bench.server.settings) { crowd.append(session) }
      return crowd.count == 8
    }
    #expect(isFull)
    try bench.user("late")
    try bench.fill(volume)
    #expect(sidecar.waitForStatus { $0.message?.contains(SQLState.tooManyConnections) == true }, "\(sidecar.log)")
    #expect(sidecar.status?.isReady == true)
    crowd.removeLast(4)
    #expect(sidecar.waitForStatus { $0.outcome == .converged }, "\(sidecar.log)")
  }
}

/// A connection that can be an element of an array.
final class Session {
  let connection: Connection

  init(_ settings: ConnectionSettings) throws {
    connection = try Connection(settings)
  }
}
