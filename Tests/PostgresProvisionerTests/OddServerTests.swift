import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Servers on which an administrator has done what is legitimate and unusual.
@Suite(.blocking) struct OddServerTests {
  private func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("app", grants: ["d": .write])
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 1 AS n")])
    return bench
  }

  @Test(arguments: PostgresInstallation.all)
  func anOwnerWithoutTheRightToConnectGetsItBack(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("REVOKE ALL ON DATABASE d FROM shop")
    #expect(bench.pass().applied == ["grant connect name=shop database=d"])
    #expect(try bench.value("SELECT n FROM t", in: "d", as: "shop") == "1")
    // What else an owner may do is the administrator's to say.
    #expect(try bench.value("SELECT has_database_privilege('shop', 'd', 'CREATE')") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
    // An owner that has just become one.
    try bench.server.connect().execute("REVOKE ALL ON DATABASE d FROM shop")
    try bench.user("heir")
    try bench.database("d", owner: "heir", scripts: bench.desired.spec.databases[0].scripts)
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT n FROM t", in: "d", as: "heir") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// What is not declared stays as it is, and nobody could tell why a login fails.
  @Test(arguments: PostgresInstallation.all)
  func whatIsAdoptedAndLetsNobodyInIsToldOf(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute(
      "CREATE ROLE shop VALID UNTIL '2001-01-01'; CREATE ROLE app CONNECTION LIMIT 0")
    try bench.server.connect().execute("CREATE DATABASE d CONNECTION LIMIT 0")
    bench.desired.spec.databases[0].scripts = []
    let told = [
      "user shop: has a password that was good until 2001-01-01T00:00:00Z only, as this role was found",
      "user app: may have no session: its connection limit is 0, as this role was found",
      "database d: takes nobody but superusers: its connection limit is 0, as it was found",
    ]
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map { "\($0.item): \($0.message)" } == told)
      #expect(report.problems.allSatisfy { $0.hint?.hasPrefix("declare ") == true })
    }
    bench.desired.spec.users[0].validUntil = .infinity
    bench.desired.spec.users[1].connectionLimit = 5
    bench.desired.spec.databases[0].connectionLimit = 5
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("SELECT", in: "d", as: "app") == nil)
    // What is declared is meant.
    bench.desired.spec.users[1].connectionLimit = 0
    #expect(bench.pass().problems == [])
  }

  /// Nothing is done by half a record, and what to do is told.
  @Test(
    arguments: PostgresInstallation.all,
    [
      ("postgres", "DROP TABLE postern.managed_grant", "server"),
      ("postgres", "ALTER TABLE postern.managed_role DROP COLUMN made", "server"),
      ("d", "ALTER TABLE postern.script RENAME TO gone", "database d"),
    ])
  func recordsThatAreNotWholeAreToldOf(
    _ installation: PostgresInstallation, _ change: (database: String, sql: String, item: String)
  ) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: change.database).execute(change.sql)
    try bench.remove("app")
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.item == change.item)
    #expect(problem.hint?.hasPrefix("the schema postern in \(change.database) is not as Postern made it") == true)
    guard change.database == "postgres" else { return }
    #expect(try bench.sqlState("SELECT", in: "d", as: "app") == nil)
    // As the hint says. What was made counts as found.
    try bench.server.connect().execute("ALTER SCHEMA postern RENAME TO postern_old")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT n FROM t", in: "d", as: "shop") == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func anEventTriggerThatRefusesIsToldAsOne(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("CREATE DATABASE d")
    try bench.server.connect(database: "d").execute(
      """
      CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no DDL'; END $$;
      CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()
      """)
    let problems = bench.pass().problems
    #expect(Set(problems.map(\.item)) == ["grant to app on d", "database d", "script 1 in d"])
    for problem in problems where problem.item != "script 1 in d" {
      #expect(problem.message == "no DDL")
      #expect(problem.hint?.contains("an event trigger's") == true)
      #expect(problem.told?.hint?.contains("an event trigger's") == true)
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func aServerWithoutItsDatabasePostgresSaysWhatToDo(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute("ALTER DATABASE postgres RENAME TO other")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("keeps its records in the database postgres") == true })
    try bench.server.connect(database: "d").execute("ALTER DATABASE other RENAME TO postgres")
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }
}
