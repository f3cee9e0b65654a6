import DatabaseSpec
import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import Synchronization
import ThrowawayPostgres
import TestThreads
import Testing

/// Several sidecars on one server, and other clients that change the same objects at the same time.
@Suite(.blocking) struct ConcurrencyTests {
  @Test(arguments: PostgresInstallation.all)
  func threeSidecarsComeToOneEndRunEachScriptOnceAndNoneComplains(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    for user in ["shop", "analyst"] { try bench.user(user, grants: ["orders": .read], memberOf: ["pg_monitor"]) }
    let first = bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")
    for database in ["orders", "billing"] { try bench.database(database, owner: "shop", scripts: [first]) }
    let volume = try bench.volume()
    let sidecars = try (0..<3).map { _ in try SidecarProcess(volume, port: bench.server.port) }
    for sidecar in sidecars { #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)") }

    let before = sidecars[0].status?.specHash
    try bench.user("late", grants: ["orders": .write])
    try bench.remove("analyst")
    bench.desired.spec.removedUsers = .drop
    let second = bench.script("002", "INSERT INTO t VALUES (2)")
    for database in ["orders", "billing"] { try bench.database(database, owner: "shop", scripts: [first, second]) }
    try bench.fill(volume)
    for sidecar in sidecars {
      #expect(sidecar.waitForStatus { $0.outcome == .converged && $0.specHash != before }, "\(sidecar.log)")
      #expect(sidecar.complaints.isEmpty, "\(sidecar.log)")
    }
    for database in ["orders", "billing"] {
      #expect(try bench.value("SELECT string_agg(n::text, ' ' ORDER BY n) FROM t", in: database) == "1 2")
    }
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname IN ('shop', 'late', 'analyst')") == "2")
    #expect(sidecars.map { $0.log.split(separator: "run script").count - 1 }.reduce(0, +) == 4)
  }

  /// What another client does in a transaction that ends only when the sidecar waits for it, and what is then declared.
  struct Meddling: Sendable {
    var sql: String
    var database = "postgres"
    var declare: @Sendable (ProvisionerBench) throws -> Void
  }

  static let meddlings = [
    Meddling(sql: "CREATE ROLE shop") { try $0.user("shop") },
    Meddling(sql: "ALTER ROLE shop CONNECTION LIMIT 3") { try $0.user("shop", password: "other") },
    Meddling(sql: "GRANT pg_monitor TO shop") { try $0.user("shop", memberOf: ["pg_monitor"], password: "other") },
    Meddling(sql: "GRANT CONNECT ON DATABASE orders TO shop") {
      try $0.user("shop", grants: ["orders": .read], memberOf: ["pg_monitor"], password: "other")
    },
    Meddling(sql: "CREATE SCHEMA work", database: "orders") {
      try $0.database("orders", owner: "analyst", schemas: [Schema(name: try PostgresName("work"))])
    },
    Meddling(sql: "DROP ROLE leaver") { try $0.user("leaver", ensure: .absent) },
  ]

  @Test(arguments: PostgresInstallation.all)
  func whatSomebodyElseChangesAtTheSameTimeIsReadAgainAndNobodyComplains(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    for user in ["analyst", "leaver"] { try bench.user(user) }
    try bench.database("orders", owner: "analyst")
    #expect(bench.pass().outcome == .converged)
    for meddling in Self.meddlings {
      try meddling.declare(bench)
      let somebody = try bench.server.connect(database: meddling.database)
      try somebody.execute("BEGIN; \(meddling.sql)")
      let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port, flags: ["--once"])
      #expect(try sidecar.wait { try bench.isWaiting() }, "\(meddling.sql): \(sidecar.log)")
      try somebody.execute("COMMIT")
      #expect(sidecar.exitCode() == 0, "\(meddling.sql): \(sidecar.log)")
      #expect(sidecar.complaints.isEmpty, "\(meddling.sql): \(sidecar.log)")
      #expect(try bench.plan() == [])
    }
  }

  private static let noise = [
    "CREATE ROLE user0 LOGIN", "ALTER ROLE user1 CONNECTION LIMIT 9", "GRANT pg_monitor TO user2",
    "REVOKE pg_monitor FROM user2", "GRANT CONNECT ON DATABASE orders TO user1",
    "GRANT CONNECT ON DATABASE orders TO PUBLIC",
    "ALTER ROLE user0 NOLOGIN", "DROP ROLE user3", "CREATE ROLE user3 LOGIN", "CREATE DATABASE billing",
  ]

  @Test(arguments: PostgresInstallation.all)
  func withOthersAtWorkOnTheSameRolesAndDatabasesItComesToItsEnd(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    for index in 0..<4 { try bench.user("user\(index)", connectionLimit: 5, memberOf: ["pg_monitor"]) }
    for database in ["orders", "billing"] {
      try bench.database(database, owner: "user1", schemas: [Schema(name: try PostgresName("work"))])
    }
    let isOver = Mutex(false)
    let atWork = Mutex(3)
    for offset in 0..<3 {
      Thread.detachNewThread { [settings = bench.server.settings] in
        if let connection = try? Connection(settings) {
          var turn = offset * 3
          while !isOver.withLock({ $0 }) {
            try? connection.execute(Self.noise[turn % Self.noise.count])
            turn += 1
          }
        }
        atWork.withLock { $0 -= 1 }
      }
    }
    let volume = try bench.volume()
    let sidecars = try (0..<2).map { _ in try SidecarProcess(volume, port: bench.server.port) }
    let hasMadeAPass = sidecars.map { $0.waitForStatus { $0.outcome == .converged || $0.outcome == .incomplete } }
    isOver.withLock { $0 = true }
    #expect(hasMadeAPass == [true, true])
    #expect(sidecars[0].wait { atWork.withLock { $0 } == 0 })
    // The pass that was disturbed is not the last one.
    try bench.fill(volume)
    #expect(
      try sidecars[0].wait {
        try sidecars.allSatisfy { $0.status?.outcome == .converged } && bench.plan() == []
      }, "\(sidecars.map(\.log))")
  }

  /// Settings of a session by the name of a pass's.
  private static func settings(_ bench: ProvisionerBench, _ user: String) -> ConnectionSettings {
    var settings =
      user == "postgres" ? bench.server.settings : bench.server.settings(user: user, password: "\(user)-secret")
    settings.database = "orders"
    settings.applicationName = "postern pass"
    return settings
  }

  /// Anybody can give a session the name by which a pass recognises those of an earlier one.
  @Test(arguments: PostgresInstallation.all, ["friend", "shop"])
  func sessionsThatComeAndGoByThePassesNameHinderNone(_ installation: PostgresInstallation, _ user: String) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "friend"] { try bench.user(name, grants: name == "friend" ? ["orders": .read] : [:]) }
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    let isOver = Mutex(false)
    let atWork = Mutex(4)
    for _ in 0..<4 {
      Thread.detachNewThread { [settings = Self.settings(bench, user)] in
        while !isOver.withLock({ $0 }) { try? Connection(settings).execute("SELECT 1") }
        atWork.withLock { $0 -= 1 }
      }
    }
    for index in 1...10 {
      try bench.user("shop", connectionLimit: 10 + index)
      let report = bench.pass()
      #expect(report.problems == [])
      #expect(report.applied == ["alter role name=shop connectionLimit=\(10 + index)"])
    }
    isOver.withLock { $0 = true }
    #expect(eventually { atWork.withLock { $0 } == 0 })
  }

  /// Who could run no script is left alone.
  @Test(arguments: PostgresInstallation.all)
  func aSessionOfAStrangerByThePassesNameGoesOn(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "friend"] { try bench.user(name, grants: name == "friend" ? ["orders": .read] : [:]) }
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    let friend = try Connection(Self.settings(bench, "friend"))
    let owner = try Connection(Self.settings(bench, "shop"))
    let admin = try Connection(Self.settings(bench, "postgres"))
    #expect(bench.pass().problems == [])
    #expect(throws: PostgresError.self) { try owner.execute("SELECT 1") }
    #expect(throws: PostgresError.self) { try admin.execute("SELECT 1") }
    try friend.execute("SELECT 1")
  }

  /// Its process is stopped, as one is that waits for a broken disk.
  @Test(arguments: PostgresInstallation.all, ["shop", "postgres"])
  func anEarlierPassesSessionThatDoesNotEndHoldsUpWhatItCouldSpoil(
    _ installation: PostgresInstallation, _ user: String
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    let session = try Connection(Self.settings(bench, user))
    let process = Int32(session.serverProcess)
    kill(process, SIGSTOP)
    defer { kill(process, SIGCONT) }
    try bench.user("shop", connectionLimit: 7)
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t ()")])
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    let problem = try #require(report.problems.first)
    #expect(report.problems.count == 1)
    #expect(problem.item == "server")
    #expect(problem.message.contains("a session of an earlier pass does not end: pid \(process) of user \(user) ("))
    #expect(problem.hint?.contains("SIGKILL") == true)
    let limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'shop'"
    #expect(try bench.value(limit) == (user == "shop" ? "7" : "-1"))
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders") == nil)
    kill(process, SIGCONT)
    #expect(bench.pass().problems == [])
    #expect(try bench.value(limit) == "7")
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders") == "t")
  }
}
