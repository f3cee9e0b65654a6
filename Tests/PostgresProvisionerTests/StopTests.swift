import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// SIGTERM, whatever Postgres is doing.
@Suite(.blocking) struct StopTests {
  /// Ends the sidecar. The only timeout that could also have ended its wait, that of a lock, it would have told of.
  private static func stop(_ sidecar: SidecarProcess) {
    #expect(sidecar.terminate() == 0, "\(sidecar.log)")
    #expect(!sidecar.log.contains("lock timeout"), "\(sidecar.log)")
  }

  @Test(arguments: PostgresInstallation.all)
  func inAScriptItEndsAndTheServerDoesNotGoOnWithTheScript(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t (); SELECT pg_sleep(600)")])
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    let sleepers = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    #expect(try sidecar.wait { try bench.value(sleepers) == "1" }, "\(sidecar.log)")
    Self.stop(sidecar)
    #expect(try sidecar.wait { try bench.value(sleepers) == "0" })
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders") == nil)

    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")])
    #expect(bench.pass().outcome == .converged)
  }

  @Test(arguments: PostgresInstallation.all)
  func itEndsWhileAnotherPassHoldsTheLock(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let other = try bench.server.connect()
    try other.execute("SELECT pg_advisory_lock(31649045226775918)")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.wait { sidecar.log.contains("waiting for another pass to end") })
    Self.stop(sidecar)
    #expect(sidecar.log.hasSuffix("stopped\n"))
    #expect(sidecar.status?.outcome == .interrupted)
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop'") == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func itEndsWhileAStatementWaitsForALockAndTheNextStartGoesOn(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let volume = try bench.volume()
    let other = try bench.server.connect()
    try other.execute("BEGIN; CREATE ROLE shop")
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(try sidecar.wait { try bench.isWaiting() }, "\(sidecar.log)")
    Self.stop(sidecar)
    #expect(try sidecar.wait { try !bench.isWaiting() })
    try other.execute("ROLLBACK")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop'") == "0")
    #expect(try SidecarProcess(volume, port: bench.server.port, flags: ["--once"]).exitCode() == 0)
  }
}
