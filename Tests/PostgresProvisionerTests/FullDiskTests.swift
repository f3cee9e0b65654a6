import DatabaseSpec
import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// A disk with no room left.
@Suite(.blocking, .enabled(if: SmallDisk.isPossible, "only root may mount a small disk")) struct FullDiskTests {
  @Test(arguments: PostgresInstallation.all)
  func whatFindsNoRoomIsToldAsSuchTheRestIsMadeAndItIsHadOnceThereIsRoom(
    _ installation: PostgresInstallation
  ) throws {
    let disk = try SmallDisk(megabytes: 64)
    let bench = try ProvisionerBench(installation)
    try disk.take("base", of: bench.server)
    try bench.user("shop")
    let rows = "SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)"
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t AS \(rows)")])
    // Enough room for the database, but not for the table.
    try disk.fill(leaving: 12)
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.outcome == .incomplete }, "\(sidecar.log)")
    #expect(sidecar.status?.problems.map(\.item) == ["script 001 in orders"])
    // disk_full
    #expect(sidecar.status?.problems.map(\.sqlState) == ["53100"])
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders", as: "shop") == nil)
    try disk.makeRoom()
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    #expect(try bench.value("SELECT count(*) FROM t", in: "orders", as: "shop") == "20000")
    bench.server.stop()
  }

  /// Postgres itself stops then, and cannot always start again before there is room.
  @Test(arguments: PostgresInstallation.all)
  func withNoRoomForTheLogOfChangesPostgresGoesDownAndNothingIsLost(
    _ installation: PostgresInstallation
  ) throws {
    let disk = try SmallDisk(megabytes: 160)
    let bench = try ProvisionerBench(installation)
    try disk.take("pg_wal", of: bench.server)
    try bench.user("shop")
    let first = bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")
    try bench.database("orders", owner: "shop", scripts: [first])
    let volume = try bench.volume()
    let sidecar = try SidecarProcess(volume, port: bench.server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")

    try disk.fill(leaving: 8)
    let large = bench.script(
      "002",
      "CREATE TABLE large AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 60000); INSERT INTO t VALUES (2)")
    try bench.database("orders", owner: "shop", scripts: [first, large])
    try bench.fill(volume)
    #expect(sidecar.waitForStatus { $0.outcome == .waitingForPostgres }, "\(sidecar.log)")
    try disk.makeRoom()
    // It may be recovering; then a request for a clean shutdown need not end it.
    bench.server.halt(immediately: true)
    try bench.server.start()
    #expect(sidecar.waitForStatus { $0.isReady && $0.outcome == .converged }, "\(sidecar.log)")
    #expect(try bench.value("SELECT string_agg(n::text, ' ' ORDER BY n) FROM t", in: "orders") == "1 2")
    #expect(try bench.value("SELECT count(*) FROM large", in: "orders") == "60000")
    bench.server.stop()
  }
}
