import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// An object that cannot be changed does not prevent changes to others.
@Suite(.blocking) struct OneByOneTests {
  /// Routines whose signature REVOKE does not accept as `pg_get_function_identity_arguments` writes it, and other
  /// unusual ones.
  private static let routines = """
    CREATE FUNCTION osf(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 1.0::float8';
    CREATE AGGREGATE myord(float8 ORDER BY float8) (sfunc = osf, stype = float8);
    CREATE AGGREGATE "My Sum"(int) (sfunc = int4pl, stype = int);
    CREATE PROCEDURE p(a int, OUT b int, INOUT c text) LANGUAGE sql AS 'SELECT 1, ''x''';
    CREATE FUNCTION f(a int, OUT b int, VARIADIC c text[]) LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE t (a int); CREATE TABLE u (a int);
    REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC
    """

  private static func bench(
    _ installation: PostgresInstallation, _ sql: String = Self.routines, configuration: [String] = []
  ) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation, configuration: configuration)
    try bench.user("shop")
    try bench.user("analyst", grants: ["d": .write])
    try bench.database("d", owner: "shop", scripts: [bench.script("a", sql)])
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    return bench
  }

  /// What a role may do in the current database by direct grants.
  private static func rights(of role: String) -> String {
    """
    SELECT count(*) FROM pg_shdepend WHERE refobjid = '\(role)'::regrole AND deptype = 'a'
    """
  }

  @Test(arguments: PostgresInstallation.all)
  func aggregatesAndProceduresAreGivenAndTakenBack(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    let count = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND "
    #expect(try bench.value(count + "has_function_privilege('analyst', oid, 'EXECUTE')", in: "d") == "5")
    try bench.user("analyst")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(count + "has_function_privilege('analyst', oid, 'EXECUTE')", in: "d") == "0")
    #expect(try bench.value(Self.rights(of: "analyst")) == "0")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatWasPassedOnIsTakenBackWithIt(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.user("friend")
    try bench.user("analyst", grants: ["d": .write], memberOf: ["pg_monitor"])
    #expect(bench.pass().problems == [])
    try bench.connect(to: "d", as: "shop").execute(
      "GRANT SELECT ON t TO analyst WITH GRANT OPTION; GRANT CONNECT ON DATABASE d TO analyst WITH GRANT OPTION")
    try bench.server.connect().execute("GRANT pg_monitor TO analyst WITH ADMIN OPTION")
    try bench.connect(to: "d", as: "analyst").execute(
      "GRANT SELECT ON t TO friend; GRANT CONNECT ON DATABASE d TO friend; GRANT pg_monitor TO friend")
    try bench.user("analyst")
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(
      // Before version 16 nobody loses a membership by that.
      report.problems.map(\.message)
        == (installation.majorVersion < 16
          ? [] : ["friend loses what analyst had passed on: the membership in pg_monitor"]) + [
          "friend loses what analyst had passed on: rights on 1 objects (public.t)"
        ])
    #expect(try bench.value(Self.rights(of: "analyst")) == "0")
    #expect(try bench.value(Self.rights(of: "friend")) == "0")
    #expect(try bench.value("SELECT pg_has_role('analyst', 'pg_monitor', 'MEMBER')") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all.filter { $0.majorVersion >= 16 })
  func whoLosesAMembershipWithAnotherIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.user("group")
    for name in ["mother", "twice", "child"] { try bench.user(name) }
    try bench.user("analyst", memberOf: ["group"])
    #expect(bench.pass().problems == [])
    let admin = try bench.server.connect()
    try admin.execute(#"GRANT "group" TO analyst WITH ADMIN OPTION"#)
    try bench.server.connect().execute(
      #"SET ROLE analyst; GRANT "group" TO mother WITH ADMIN OPTION; GRANT "group" TO twice"#)
    try bench.server.connect().execute(#"GRANT "group" TO twice; SET ROLE mother; GRANT "group" TO child"#)
    try bench.user("analyst")
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(
      report.problems.filter { $0.item == "membership of analyst in group" }.map(\.message) == [
        "child loses what analyst had passed on: the membership in group",
        "mother loses what analyst had passed on: the membership in group",
      ])
    #expect(try bench.value("SELECT pg_has_role('twice', 'group', 'MEMBER')") == "t")
    #expect(try bench.value("SELECT pg_has_role('child', 'group', 'MEMBER')") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// From version 18 on, GRANT locks the tables.
  @Test(arguments: PostgresInstallation.all)
  func aTableThatSomebodyHasLockedKeepsNothingElse(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    let session = try bench.connect(to: "d", as: "shop")
    try session.execute("BEGIN; LOCK TABLE t")
    try bench.user("analyst")
    try bench.user("late", grants: ["d": .read])
    let report = bench.pass()
    #expect(try bench.sqlState("SELECT", in: "d", as: "analyst") == SQLState.insufficientPrivilege)
    #expect(try bench.value("SELECT has_table_privilege('analyst', 'u', 'SELECT')", in: "d") == "f")
    #expect(try bench.value("SELECT has_table_privilege('late', 'u', 'SELECT')", in: "d") == "t")
    if installation.majorVersion >= 18 {
      #expect(report.problems.map(\.sqlState) == ["55P03", "55P03"])
      #expect(report.problems.allSatisfy { $0.message.contains("TABLE public.t ") })
    } else {
      #expect(report.problems == [])
    }
    try session.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(Self.rights(of: "analyst")) == "0")
    #expect(try bench.value("SELECT has_table_privilege('late', 't', 'SELECT')", in: "d") == "t")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// The same ratio of locks to tables as some 25,000 tables on a server with the usual settings.
  @Test(arguments: PostgresInstallation.all)
  func thousandsOfTablesNeedFewLocks(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(
      installation, "SELECT 1",
      configuration: [
        "max_locks_per_transaction=10", "max_connections=10", "max_wal_senders=0", "max_pred_locks_per_transaction=10",
      ])
    try bench.connect(to: "d", as: "shop").execute(
      """
      DO $$ BEGIN FOR i IN 1..5000 LOOP
        EXECUTE format('CREATE TABLE t%s ()', i); IF i % 50 = 0 THEN COMMIT; END IF;
      END LOOP; END $$
      """)
    try bench.user("late", grants: ["d": .read])
    #expect(bench.pass().problems == [])
    let count = "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$' AND "
    #expect(try bench.value(count + "has_table_privilege('late', oid, 'SELECT')", in: "d") == "5000")
    try bench.user("late")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(count + "has_table_privilege('late', oid, 'SELECT')", in: "d") == "0")
    // The tables get another owner, and the old one is dropped.
    bench.desired.spec.removedUsers = .drop
    try bench.remove("shop")
    try bench.user("heir")
    try bench.database("d", owner: "heir")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(count + "relowner = 'heir'::regrole", in: "d") == "5000")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop'") == "0")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func aLeaversLockedTableKeepsNeitherOtherTablesNorOtherDatabases(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try Self.bench(installation)
    try bench.user("leaver")
    try bench.database("e", owner: "shop")
    #expect(bench.pass().problems == [])
    for database in ["d", "e"] {
      try bench.server.connect(database: database).execute(
        "CREATE TABLE mine (a serial); CREATE TABLE other (a int); ALTER TABLE mine OWNER TO leaver; "
          + "ALTER TABLE other OWNER TO leaver; GRANT SELECT ON mine TO shop")
    }
    let session = try bench.server.connect(database: "d")
    try session.execute("BEGIN; LOCK TABLE mine IN ACCESS SHARE MODE")
    try bench.user("leaver", ensure: .absent)
    let report = bench.pass()
    #expect(report.problems.map(\.item) == ["objects of leaver in d"])
    #expect(report.problems.first?.message.contains("ALTER TABLE public.mine OWNER TO shop") == true)
    let owned = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relowner = 'leaver'::regrole "
    #expect(try bench.value(owned + "AND relkind = 'r'", in: "d") == "mine")
    #expect(try bench.value(owned, in: "e") == nil)
    try session.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")
  }
}
