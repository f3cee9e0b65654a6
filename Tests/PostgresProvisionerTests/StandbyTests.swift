import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// Real streaming replication.
@Suite(.blocking) struct StandbyTests {
  @Test(arguments: PostgresInstallation.all)
  func onAStandbyItIsReadyAndQuietPromotedItIsProvisioned(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let first = bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")
    try bench.database("orders", owner: "shop", scripts: [first])
    let volume = try bench.volume()
    #expect(try SidecarProcess(volume, port: bench.server.port, flags: ["--once"]).exitCode() == 0)
    let standby = try PostgresServer(standbyOf: bench.server)
    let sidecar = try SidecarProcess(volume, port: standby.port)
    #expect(sidecar.waitForStatus { $0.outcome == .standby }, "\(sidecar.log)")
    #expect(sidecar.status?.isReady == true)
    #expect(try standby.connect().query("SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'").rowCount == 1)

    // A new declaration: the primary's sidecar applies it now, and this sidecar does when its server is the primary.
    try bench.user("late")
    try bench.database("orders", owner: "shop", scripts: [first, bench.script("002", "INSERT INTO t VALUES (2)")])
    try bench.fill(volume)
    #expect(try SidecarProcess(volume, port: standby.port, flags: ["--once"]).exitCode() == 0)
    #expect(try standby.connect().query("SELECT FROM pg_roles WHERE rolname = 'late'").rowCount == 0)
    bench.server.halt()
    #expect(sidecar.status?.isReady == true)
    try standby.connect().execute("SELECT pg_promote()")
    #expect(sidecar.waitForStatus { $0.outcome == .converged }, "\(sidecar.log)")
    let sums = try standby.connect(database: "orders").query("SELECT string_agg(n::text, ' ' ORDER BY n) FROM t")
    #expect(sums.value(0, 0) == "1 2")
    #expect(sidecar.complaints.isEmpty, "\(sidecar.log)")
    #expect(sidecar.log.split(separator: "is a standby").count == 2)
  }

  @Test(arguments: PostgresInstallation.all)
  func aStandbyThatLetsNobodyInIsToldWithItsOwnReason(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let volume = try bench.volume()
    let standby = try PostgresServer(standbyOf: bench.server, isHot: false)
    let sidecar = try SidecarProcess(volume, port: standby.port)
    #expect(
      sidecar.waitForStatus { status in
        ["the database system is not accepting connections (Hot standby mode is disabled.)", "hot_standby = on"]
          .allSatisfy { status.message?.contains($0) == true }
      }, "\(sidecar.log)")
    #expect(try sidecar.ready().output.contains("hot_standby = on"))
    #expect(sidecar.log.contains("Postgres refuses connections"))
    bench.server.halt()
    try standby.promote()
    #expect(sidecar.waitForStatus { $0.outcome == .converged }, "\(sidecar.log)")
  }

  /// A commit that waits for a synchronous standby waits for ever if there is none.
  @Test(arguments: PostgresInstallation.all)
  func aSynchronousStandbyThatIsNotThereIsNotWaitedFor(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: ["synchronous_standby_names=nobody"])
    try bench.user("shop", memberOf: ["pg_monitor"])
    try bench.user("leaver", grants: ["orders": .read])
    try bench.database(
      "orders", owner: "shop",
      scripts: [
        bench.script("001", "CREATE TABLE t AS SELECT 1 AS n"),
        bench.script("002", "INSERT INTO t VALUES (2)", transaction: false),
      ])
    let volume = try bench.volume()
    let first = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
    #expect(first.exitCode() == 0, "\(first.log)")
    try bench.user("leaver", ensure: .absent)
    try bench.fill(volume)
    let second = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
    #expect(second.exitCode() == 0, "\(second.log)")
    #expect(try bench.value("SELECT count(*) FROM t", in: "orders") == "2")
  }
}
