import DatabaseSpec
import Foundation
import LibPQ
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// The sidecar is killed (SIGKILL) after each change that it asks Postgres for, and then started again.
@Suite(.blocking) struct KillTests {
  /// On the newest version every cut, the odd and the even ones in parallel. On each other version every seventh,
  /// beginning at a different one.
  static let cuts: [(PostgresInstallation, first: Int, step: Int)] = PostgresInstallation.all.reversed().enumerated()
    .flatMap { index, installation in
      index == 0 ? [(installation, 1, 2), (installation, 2, 2)] : [(installation, index + 1, 7)]
    }

  @Test(arguments: cuts)
  func killedOnTheFirstBootItComesToTheSameEnd(
    _ installation: PostgresInstallation, _ first: Int, _ step: Int
  ) throws {
    let bench = try Self.bench(installation)
    try Self.checkCuts(bench, first, step) { try Self.reset(bench.server) }
  }

  @Test(arguments: cuts)
  func killedWhileItRemovesAUserItComesToTheSameEnd(
    _ installation: PostgresInstallation, _ first: Int, _ step: Int
  ) throws {
    let bench = try Self.bench(installation)
    let present = bench.desired
    try bench.remove("analyst")
    bench.desired.spec.removedUsers = .drop
    bench.desired.spec.databases[0].schemas[0].owner = nil
    let absent = bench.desired
    try Self.checkCuts(bench, first, step) {
      try Self.reset(bench.server)
      bench.desired = present
      #expect(bench.pass().outcome == .converged)
      try bench.connect(to: "orders", as: "analyst").execute(
        "CREATE TABLE reporting.sums AS SELECT 1 AS n; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO shop")
      bench.desired = absent
    }
  }

  /// The owner, a user with a grant and a database go by other names from this pass on.
  @Test(arguments: cuts)
  func killedWhileItRenamesItComesToTheSameEnd(
    _ installation: PostgresInstallation, _ first: Int, _ step: Int
  ) throws {
    let bench = try Self.bench(installation)
    let before = bench.desired
    var after = before
    func name(_ text: String) throws -> PostgresName { try PostgresName(text) }
    for (old, new) in [("shop", "owner"), ("analyst", "guest")] {
      for index in after.spec.users.indices where after.spec.users[index].name == (try name(old)) {
        after.spec.users[index].name = try name(new)
        after.spec.users[index].renamedFrom = try name(old)
      }
      after.passwords[try name(new)] = after.passwords.removeValue(forKey: try name(old))
    }
    for index in after.spec.databases.indices {
      after.spec.databases[index].owner = try name("owner")
      for schema in after.spec.databases[index].schemas.indices {
        after.spec.databases[index].schemas[schema].owner = try name("guest")
      }
    }
    after.spec.databases[0].name = try name("market")
    after.spec.databases[0].renamedFrom = try name("orders")
    for index in after.spec.users.indices {
      after.spec.users[index].grants = after.spec.users[index].grants.map {
        Grant(database: $0.database.text == "orders" ? after.spec.databases[0].name : $0.database, level: $0.level)
      }
    }
    bench.desired = after
    try Self.checkCuts(bench, first, step, databases: ["postgres", "market", "billing"]) {
      try Self.reset(bench.server)
      bench.desired = before
      #expect(bench.pass().outcome == .converged)
      try bench.connect(to: "orders", as: "shop").execute("INSERT INTO invoice VALUES (3)")
      bench.desired = after
    }
    #expect(try bench.value("SELECT sum(total) FROM invoice", in: "market") == "6")
    let left = "SELECT count(*) FROM pg_roles WHERE rolname IN ('shop', 'analyst')"
    #expect(try bench.value(left) == "0")
  }

  /// COMMIT waits, and continues without the sidecar. The next sidecar must not run the script at the same time.
  @Test(arguments: PostgresInstallation.all)
  func aScriptThatIsBeingCommittedWhenTheSidecarIsKilledRunsOnce(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let trigger = bench.script(
      "001",
      """
      CREATE TABLE invoice (total int);
      CREATE FUNCTION check_slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER t AFTER INSERT ON invoice DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION check_slowly()
      """)
    try bench.database("orders", owner: "shop", scripts: [trigger])
    #expect(bench.pass().outcome == .converged)
    try bench.database(
      "orders", owner: "shop", scripts: [trigger, bench.script("002", "INSERT INTO invoice VALUES (1)")])
    let volume = try bench.volume()
    let gate = try bench.server.connect(database: "orders")
    try gate.execute("SELECT pg_advisory_lock(7)")
    let proxy = try CuttingProxy(
      serverPort: bench.server.port,
      killAfter: { changes in
        changes.last == "COMMIT" && changes.contains { $0.hasPrefix("SELECT postern.record_script('002'") }
      })
    let killed = try SidecarProcess(volume, port: proxy.port)
    proxy.setVictim(killed.identifier)
    #expect(killed.exitCode() == -1)
    #expect(proxy.lastChange == "COMMIT")
    #expect(try eventually { try bench.isWaiting() })
    let first = try #require(try bench.value("SELECT min(pid) FROM pg_locks WHERE NOT granted"))
    let again = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
    let others = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> \(first)"
    #expect(try again.wait { try bench.value(others) == "1" }, "\(again.log)")
    try gate.execute("SELECT pg_advisory_unlock(7)")
    #expect(again.exitCode() == 0, "\(again.log)")
    #expect(try bench.value("SELECT count(*) FROM invoice", in: "orders") == "1")
  }

  /// Each statement of the script is committed by itself, so if it continues beside the next sidecar, it counts twice.
  /// The server cannot end this one by checking whether its client is still there.
  @Test(arguments: PostgresInstallation.all)
  func aScriptWithoutATransactionDoesNotGoOnWhenTheNextSidecarHasBegun(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let table = bench.script("001", "CREATE TABLE invoice (total int)")
    let insert = bench.script(
      "002",
      """
      SET client_connection_check_interval = 0;
      INSERT INTO invoice SELECT 1 FROM (SELECT pg_advisory_lock(7)) AS gate
      """, transaction: false)
    try bench.database("orders", owner: "shop", scripts: [table])
    #expect(bench.pass().outcome == .converged)
    try bench.database("orders", owner: "shop", scripts: [table, insert])
    let volume = try bench.volume()
    let gate = try bench.server.connect(database: "orders")
    try gate.execute("SELECT pg_advisory_lock(7)")
    let killed = try SidecarProcess(volume, port: bench.server.port)
    #expect(try killed.wait { try bench.isWaiting() }, "\(killed.log)")
    let waiting = "SELECT min(pid) FROM pg_locks WHERE NOT granted"
    let first = try bench.value(waiting)
    kill(killed.identifier, SIGKILL)
    #expect(killed.exitCode() == -1)
    let again = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
    #expect(try again.wait { try ![nil, first].contains(bench.value(waiting)) }, "\(again.log)")
    try gate.execute("SELECT pg_advisory_unlock(7)")
    #expect(again.exitCode() == 0, "\(again.log)")
    #expect(try bench.value("SELECT count(*) FROM invoice", in: "orders") == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func aScriptThatSomebodyElseRecordsWhileItRunsLeavesNothing(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let table = bench.script("001", "CREATE TABLE invoice (total int)")
    let insert = bench.script("002", "INSERT INTO invoice VALUES (1); SELECT pg_advisory_xact_lock(7)")
    try bench.database("orders", owner: "shop", scripts: [table])
    #expect(bench.pass().outcome == .converged)
    try bench.database("orders", owner: "shop", scripts: [table, insert])
    let other = try bench.server.connect(database: "orders")
    try other.execute("SELECT pg_advisory_lock(7)")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port, flags: ["--once"])
    #expect(try sidecar.wait { try bench.isWaiting() }, "\(sidecar.log)")
    guard case .file(_, let sha256) = insert.content else {
      Issue.record("the script is in no file")
      return
    }
    try other.execute("INSERT INTO postern.script VALUES ('002', '\(sha256)'); SELECT pg_advisory_unlock(7)")
    #expect(sidecar.exitCode() == 0, "\(sidecar.log)")
    #expect(try bench.value("SELECT count(*) FROM invoice", in: "orders") == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func sessionsThatANewPasswordIsToEndAreEndedThoughTheSidecarWasKilledWhenItWasSet(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    bench.desired.spec.passwordChange = .endSessions
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    let session = try bench.connect(to: "orders", as: "shop")
    try bench.user("shop", password: "new")
    let volume = try bench.volume()
    let proxy = try CuttingProxy(serverPort: bench.server.port, killAfter: { $0.last == "COMMIT" })
    let killed = try SidecarProcess(volume, port: proxy.port)
    proxy.setVictim(killed.identifier)
    #expect(killed.exitCode() == -1)
    let again = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
    #expect(again.exitCode() == 0, "\(again.log)")
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop", password: "new") == "1")
    #expect(throws: PostgresError.self) { try session.execute("SELECT 1") }
  }

  private static func checkCuts(
    _ bench: ProvisionerBench, _ first: Int, _ step: Int,
    databases: [String] = ["postgres", "orders", "billing"], reset: () throws -> Void
  ) throws {
    try reset()
    let volume = try bench.volume()
    #expect(try SidecarProcess(volume, port: bench.server.port, flags: ["--once"]).exitCode() == 0)
    let undisturbed = try dump(bench, databases)
    for cut in stride(from: first, to: 1000, by: step) {
      try reset()
      let proxy = try CuttingProxy(serverPort: bench.server.port, killAfter: { $0.count == cut })
      let killed = try SidecarProcess(volume, port: proxy.port, flags: ["--once"])
      proxy.setVictim(killed.identifier)
      let code = killed.exitCode()
      let change = proxy.lastChange
      let again = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
      #expect(again.exitCode() == 0, "after \(change ?? "the end"): \(again.log)")
      let difference = try dump(bench, databases).difference(from: undisturbed)
      #expect(difference.isEmpty, "killed after \(cut): \(change ?? "the end")")
      guard change != nil else {
        #expect(code == 0)
        #expect(cut > first + step)
        return
      }
      #expect(code == -1)
    }
  }

  /// The dump, and which logins work.
  private static func dump(_ bench: ProvisionerBench, _ databases: [String]) throws -> [String] {
    var lines = try bench.server.dump(databases: databases)
    let main = databases[1]
    for (user, database) in [
      ("shop", "billing"), ("analyst", main), ("analyst", "billing"), ("leaver", "billing"), ("owner", "billing"),
      ("guest", main),
    ] {
      // A renamed user keeps the password.
      let password = ["owner": "shop-secret", "guest": "analyst-secret"][user]
      let state = try bench.sqlState("SELECT", in: database, as: user, password: password) ?? "works"
      lines.append("login \(user) \(database) \(state)")
    }
    return lines
  }

  private static func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop", memberOf: ["pg_monitor"])
    try bench.user("analyst", grants: ["orders": .write])
    try bench.user("leaver", ensure: .absent)
    let available = try bench.value(
      "SELECT min(name) FROM pg_available_extensions WHERE name IN ('pg_trgm', 'vector')")
    try bench.database(
      "orders", owner: "shop",
      extensions: [Extension(name: try PostgresName(try #require(available)))],
      schemas: [Schema(name: try PostgresName("reporting"), owner: try PostgresName("analyst"))],
      scripts: [
        bench.script("001", "CREATE TABLE invoice (total int); INSERT INTO invoice VALUES (1); SELECT 1"),
        bench.script("002", "INSERT INTO invoice VALUES (2)"),
        bench.script(
          "003", "DROP INDEX IF EXISTS i; CREATE INDEX CONCURRENTLY i ON invoice (total)", transaction: false),
      ])
    try bench.database("billing", owner: "shop")
    return bench
  }

  /// Restores the state before: only the user that is to be dropped, who owns a table with rows in an existing
  /// database.
  private static func reset(_ server: PostgresServer) throws {
    let connection = try server.connect()
    for sql in [
      "DROP DATABASE IF EXISTS orders WITH (FORCE)", "DROP DATABASE IF EXISTS market WITH (FORCE)",
      "DROP DATABASE IF EXISTS billing WITH (FORCE)",
      "DROP SCHEMA IF EXISTS postern CASCADE", "GRANT CONNECT ON DATABASE postgres TO PUBLIC",
      "DROP ROLE IF EXISTS shop, analyst, leaver, owner, guest", "CREATE ROLE leaver LOGIN PASSWORD 'leaver-secret'",
      "CREATE DATABASE billing",
    ] { try connection.execute(sql) }
    try server.connect(database: "billing").execute(
      "CREATE TABLE kept AS SELECT 42 AS n; ALTER TABLE kept OWNER TO leaver")
  }
}
