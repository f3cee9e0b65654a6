import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct ProvisionerRemovalTests {
  @Test(arguments: PostgresInstallation.all)
  func aUserNoLongerDeclaredIsLockedAndComesBack(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE ROLE somebody LOGIN")
    try bench.user("shop")
    try bench.user("analyst", grants: ["orders": .read])
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    let session = try bench.connect(to: "orders", as: "analyst")
    try bench.remove("analyst")
    #expect(
      bench.pass().applied == ["lock role name=analyst", "end sessions name=analyst reason=locked"])
    #expect(throws: PostgresError.self) { try session.execute("SELECT 1") }
    #expect(try bench.sqlState("SELECT", in: "orders", as: "analyst") == SQLState.invalidAuthorization)
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'somebody'") == "t")
    #expect(bench.pass() == PassReport(outcome: .converged))

    try bench.user("analyst", grants: ["orders": .read])
    #expect(bench.pass().applied == ["alter role name=analyst login=true"])
    #expect(try bench.value("SELECT 1", in: "orders", as: "analyst") == "1")

    bench.desired.spec.removedUsers = .keep
    try bench.remove("analyst")
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT 1", in: "orders", as: "analyst") == "1")
  }

  /// Whoever has changed a role in an open transaction keeps others from changing it; also by a savepoint that was released,
  /// whose number nothing holds any more.
  @Test(
    arguments: PostgresInstallation.all,
    [
      ("leaver", "SAVEPOINT s; ALTER ROLE leaver PASSWORD 'x'", true),
      ("leaver", "ALTER ROLE leaver PASSWORD 'x'", false),
      ("minion", "ALTER ROLE leaver PASSWORD 'x'", true),
      ("minion", "SAVEPOINT s; ALTER ROLE leaver PASSWORD 'x'", false),
      ("leaver", "SAVEPOINT s; ALTER ROLE leaver PASSWORD 'x'; RELEASE s", true),
      ("minion", "SAVEPOINT s; ALTER ROLE leaver PASSWORD 'x'; RELEASE s", true),
      (
        "leaver", "DO $$ BEGIN ALTER ROLE leaver PASSWORD 'x'; EXCEPTION WHEN division_by_zero THEN NULL; END $$",
        false
      ),
    ])
  func whoHoldsItsOwnRoleIsLockedAndGetsANewPasswordAllTheSame(
    _ installation: PostgresInstallation, _ hold: (by: String, change: String, isRemoved: Bool)
  ) throws {
    let bench = try ProvisionerBench(installation)
    bench.desired.spec.passwordChange = .endSessions
    for name in ["shop", "leaver"] { try bench.user(name) }
    try bench.user("minion", memberOf: ["leaver"])
    try bench.database("orders", owner: "leaver")
    #expect(bench.pass().problems == [])
    let session = try bench.connect(to: "orders", as: hold.by)
    try session.execute("SET ROLE leaver; BEGIN; \(hold.change)")
    // One of the others waits for the same.
    let waiter = try bench.connect(to: "orders", as: "leaver")
    try waiter.execute("SET lock_timeout = '30s'")
    try waiter.send("ALTER ROLE leaver PASSWORD 'y'")
    #expect(try eventually { try bench.isWaiting() })
    try bench.user("minion")
    if hold.isRemoved { try bench.remove("leaver") } else { try bench.user("leaver", password: "new") }
    if hold.isRemoved { try bench.database("orders", owner: "shop") }
    #expect(bench.pass().problems == [])
    #expect(throws: PostgresError.self) { try session.execute("SELECT 1") }
    #expect(throws: PostgresError.self) { try waiter.receive() }
    #expect(
      try bench.sqlState("SELECT", in: "orders", as: "leaver", password: "new")
        == (hold.isRemoved ? SQLState.invalidPassword : nil))
    #expect(
      try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == (hold.isRemoved ? "f" : "t"))
  }

  /// Where no password can be set, no session is ended in vain.
  @Test(arguments: PostgresInstallation.all)
  func whileAnAdministratorHoldsARoleItsSessionsGoOn(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    bench.desired.spec.passwordChange = .endSessions
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    let session = try bench.connect(to: "orders", as: "shop")
    let admin = try bench.server.connect()
    try admin.execute("BEGIN; ALTER ROLE shop CONNECTION LIMIT 9")
    try bench.user("shop", password: "new")
    #expect(bench.pass().problems.map(\.item) == ["user shop"])
    try session.execute("SELECT 1")
    try admin.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(throws: PostgresError.self) { try session.execute("SELECT 1") }
  }

  /// The user's sessions are ended although the role cannot be locked yet.
  @Test(arguments: PostgresInstallation.all)
  func anAdministratorWhoHoldsALeaversRoleIsNamedAndGoesOn(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "leaver"] { try bench.user(name) }
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("GRANT CONNECT ON DATABASE orders TO leaver")
    let session = try bench.connect(to: "orders", as: "leaver")
    let admin = try bench.server.connect()
    try admin.execute("BEGIN; ALTER ROLE leaver CONNECTION LIMIT 9")
    try bench.remove("leaver")
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.item == "user leaver")
    #expect(problem.message.contains("the lock is held by pid") && problem.message.contains("of user postgres"))
    #expect(throws: PostgresError.self) { try session.execute("SELECT 1") }
    try admin.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == "f")
  }

  @Test(arguments: PostgresInstallation.all, [true, false])
  func aDroppedUserLeavesItsObjectsToTheDatabasesOwners(_ installation: PostgresInstallation, _ isAbsent: Bool) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["shop", "other", "leaver"] { try bench.user(name) }
    try bench.user("leaver", grants: ["orders": .write, "theirs": .read], memberOf: ["pg_monitor"])
    try bench.database(
      "orders", owner: "shop", schemas: [Schema(name: try PostgresName("work"), owner: try PostgresName("leaver"))])
    try bench.database("theirs", owner: "other")
    try bench.database("mine", owner: "leaver", scripts: [bench.script("001", "CREATE TABLE kept AS SELECT 42 AS n")])
    #expect(bench.pass().problems == [])
    try bench.connect(to: "orders", as: "leaver").execute("CREATE TABLE work.kept AS SELECT 42 AS n")
    try bench.connect(to: "theirs", as: "other").execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO leaver")

    bench.desired.spec.removedUsers = .drop
    if isAbsent { try bench.user("leaver", ensure: .absent) } else { try bench.remove("leaver") }
    let kept = bench.desired.spec.databases
    bench.desired.spec.databases = [Database(name: kept[0].name, owner: kept[0].owner), kept[1]]
    // The database that it owns is no longer declared, so no new owner is known.
    let blocked = bench.pass()
    #expect(blocked.outcome == .incomplete)
    #expect(blocked.problems.map(\.item) == ["user leaver"])
    #expect(blocked.problems.first?.message.contains("it owns the database mine") == true)
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == "f")

    try bench.database("mine", owner: "shop", scripts: kept[2].scripts)
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(report.outcome == .converged)
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")
    #expect(try bench.value("SELECT n FROM work.kept", in: "orders", as: "shop") == "42")
    #expect(try bench.value("SELECT n FROM kept", in: "mine", as: "shop") == "42")
    #expect(try bench.value("SELECT string_agg(name, ' ' ORDER BY name) FROM postern.managed_role") == "other shop")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatHasNoFitOwnerBlocksTheDropAndIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("leaver")
    #expect(bench.pass().outcome == .converged)
    try bench.server.connect().execute("CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO leaver")
    try bench.user("leaver", ensure: .absent)
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.message.contains("it owns 1 objects in the database postgres"))
    try bench.server.connect().execute("ALTER TABLE theirs OWNER TO postgres")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")
  }
}
