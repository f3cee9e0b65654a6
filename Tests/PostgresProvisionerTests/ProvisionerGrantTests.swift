import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct ProvisionerGrantTests {
  private static let tables = """
    CREATE TABLE t (id serial PRIMARY KEY, name text); INSERT INTO t (name) VALUES ('a');
    CREATE SCHEMA later; CREATE TABLE later.t AS SELECT 1 AS one;
    CREATE FUNCTION f(text, VARIADIC int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
    REVOKE ALL ON FUNCTION f FROM PUBLIC;
    """

  @Test(arguments: PostgresInstallation.all)
  func readAndWriteHoldForOldAndNewTables(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", Self.tables)])
    #expect(bench.pass().outcome == .converged)
    try bench.user("reader", grants: ["orders": .read])
    try bench.user("writer", grants: ["orders": .write])
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(
      report.applied.filter { $0.hasPrefix("grant") } == [
        "grant name=reader database=orders level=read", "grant name=writer database=orders level=write",
      ])
    #expect(bench.pass() == PassReport(outcome: .converged))

    try bench.connect(to: "orders", as: "shop").execute(
      "CREATE TABLE fresh (id serial); CREATE SCHEMA s; CREATE TABLE s.t ()")
    for table in ["t", "later.t", "fresh", "s.t"] {
      #expect(try bench.sqlState("SELECT * FROM \(table)", in: "orders", as: "reader") == nil)
      #expect(
        try bench.sqlState("DELETE FROM \(table)", in: "orders", as: "reader") == SQLState.insufficientPrivilege)
    }
    #expect(try bench.value("SELECT f('x', 1)", in: "orders", as: "reader") == "1")
    for sql in ["INSERT INTO t (name) VALUES ('b')", "INSERT INTO fresh DEFAULT VALUES", "TRUNCATE fresh"] {
      #expect(try bench.sqlState(sql, in: "orders", as: "writer") == nil)
    }
    #expect(try bench.sqlState("DROP TABLE t", in: "orders", as: "writer") == SQLState.insufficientPrivilege)
    #expect(try bench.sqlState("CREATE TABLE mine ()", in: "orders", as: "writer") == SQLState.insufficientPrivilege)
    if installation.majorVersion >= 17 {
      for table in ["t", "fresh"] {
        #expect(try bench.value("SELECT has_table_privilege('writer', '\(table)', 'MAINTAIN')", in: "orders") == "t")
        #expect(try bench.value("SELECT has_table_privilege('reader', '\(table)', 'MAINTAIN')", in: "orders") == "f")
      }
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatIsTakenOutOfTheDeclarationIsTakenBack(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("analyst", grants: ["orders": .write], memberOf: ["pg_monitor"])
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", Self.tables)])
    #expect(bench.pass().outcome == .converged)
    try bench.user("analyst", grants: ["orders": .read], memberOf: ["pg_monitor"])
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("SELECT * FROM t", in: "orders", as: "analyst") == nil)
    #expect(try bench.sqlState("DELETE FROM t", in: "orders", as: "analyst") == SQLState.insufficientPrivilege)
    #expect(bench.pass() == PassReport(outcome: .converged))

    try bench.user("analyst")
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(
      report.applied == [
        "revoke membership name=analyst role=pg_monitor", "revoke connect name=analyst database=orders",
        "revoke name=analyst database=orders level=read",
      ])
    #expect(try bench.sqlState("SELECT", in: "orders", as: "analyst") == SQLState.insufficientPrivilege)
    #expect(try bench.value("SELECT count(*) FROM pg_default_acl", in: "orders") == "0")
    #expect(try bench.value("SELECT has_table_privilege('analyst', 't', 'SELECT')", in: "orders") == "f")
    #expect(try bench.value("SELECT pg_has_role('analyst', 'pg_monitor', 'MEMBER')") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatOthersGrantedIsLeftAlone(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("analyst")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", Self.tables)])
    #expect(bench.pass().outcome == .converged)
    try bench.connect(to: "orders", as: "shop").execute(
      "GRANT CONNECT ON DATABASE orders TO analyst; GRANT SELECT ON t TO analyst")
    try bench.server.connect().execute("GRANT pg_signal_backend TO analyst")
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.sqlState("SELECT * FROM t", in: "orders", as: "analyst") == nil)
  }

  @Test(arguments: PostgresInstallation.all)
  func extensionsAreMadeInTheirSchemasAndUpdated(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    // The one extension of the server's own that has two versions, or else the extension that every server has.
    let found = try bench.server.connect().query(
      """
      SELECT v.name, min(v.version) FROM pg_available_extension_versions v
      JOIN pg_available_extensions e USING (name)
      WHERE v.name IN ('citext', 'pg_trgm', 'hstore') AND v.version <> e.default_version
        AND v.version ~ '^1\\.[3-9]$' AND e.installed_version IS NULL AND EXISTS (
          SELECT FROM pg_extension_update_paths(v.name) p
          WHERE p.source = v.version AND p.target = e.default_version AND p.path IS NOT NULL)
      GROUP BY v.name ORDER BY v.name LIMIT 1
      """)
    guard let name = found.value(0, 0), let old = found.value(0, 1) else { return }
    let newest = try bench.value("SELECT default_version FROM pg_available_extensions WHERE name = '\(name)'")
    try bench.user("shop")
    let schema = Schema(name: try PostgresName("ext"))
    func declare(_ version: String?) throws {
      try bench.database(
        "orders", owner: "shop",
        extensions: [Extension(name: try PostgresName(name), schema: schema.name, version: version)], schemas: [schema])
    }
    try declare(newest)
    #expect(bench.pass().problems == [])
    #expect(
      try bench.value("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = '\(name)'", in: "orders")
        == "ext")
    #expect(bench.pass() == PassReport(outcome: .converged))
    try declare("0.0.1")
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.message == "this server does not have version 0.0.1")
    #expect(problem.hint?.contains(old) == true)
    try bench.server.connect(database: "orders").execute("DROP EXTENSION \(name)")
    try declare(old)
    let first = bench.pass()
    if first.problems.isEmpty {
      try declare(newest)
      #expect(bench.pass().applied.first?.hasPrefix("update extension name=\(name)") == true)
    }
  }

  @Test(arguments: PostgresInstallation.all.filter { $0.majorVersion >= 16 })
  func aMembershipWithoutItsRightsIsMadeWhole(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    #expect(bench.pass().outcome == .converged)
    try bench.server.connect().execute("GRANT pg_monitor TO shop WITH INHERIT FALSE, SET FALSE")
    #expect(bench.pass() == PassReport(outcome: .converged))
    try bench.user("shop", memberOf: ["pg_monitor"])
    #expect(bench.pass().applied == ["grant membership name=shop role=pg_monitor"])
    #expect(try bench.value("SELECT pg_has_role('shop', 'pg_monitor', 'USAGE')") == "t")
    #expect(bench.pass() == PassReport(outcome: .converged))

    // Postern takes back its grant even if another client has weakened it since.
    try bench.server.connect().execute("GRANT pg_monitor TO shop WITH INHERIT FALSE")
    try bench.user("shop")
    #expect(bench.pass().applied == ["revoke membership name=shop role=pg_monitor"])
    #expect(try bench.value("SELECT pg_has_role('shop', 'pg_monitor', 'MEMBER')") == "f")
  }

  /// Each declaration has memberships that the one before forbids, because they would close a circle.
  @Test(arguments: PostgresInstallation.all)
  func membershipsAreTurnedRoundInOnePass(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    let declarations = [
      ["a": ["b"], "c": ["d"]], ["b": ["a"], "d": ["c"]], ["a": ["b"], "c": ["d"]], ["b": ["c"], "d": ["a"]],
      ["a": ["b"], "b": ["c"], "c": ["d"]], ["d": ["c"], "c": ["b"], "b": ["a"]],
    ]
    for memberships in declarations {
      for name in ["a", "b", "c", "d"] { try bench.user(name, memberOf: memberships[name] ?? []) }
      #expect(bench.pass().problems == [])
      let present = try bench.value(
        "SELECT string_agg(concat(member::regrole, roleid::regrole), ' ' ORDER BY member::regrole::text) "
          + "FROM pg_auth_members WHERE roleid::regrole::text IN ('a', 'b', 'c', 'd')")
      #expect(present == memberships.map { "\($0.key)\($0.value[0])" }.sorted().joined(separator: " "))
      #expect(bench.pass() == PassReport(outcome: .converged))
    }
    // A user that goes from one role to another has one of them all the time.
    try bench.user("d", memberOf: ["a"])
    #expect(bench.pass().applied == ["grant membership name=d role=a", "revoke membership name=d role=c"])
    // What somebody else has granted stays, and is named.
    try bench.user("d")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("GRANT d TO c")
    try bench.user("d", memberOf: ["c"])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.item == "membership of d in c")
    #expect(
      problem.hint
        == #"c is a member of d already, maybe by way of others: REVOKE "d" FROM "c", or take c out of memberOf"#)
  }

  /// Before version 16 the member's attribute decides, and no grant can say otherwise.
  @Test(arguments: PostgresInstallation.all)
  func aMembershipOfARoleThatInheritsNothingIsToldOf(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE ROLE shop LOGIN NOINHERIT; CREATE ROLE owner LOGIN NOINHERIT")
    try bench.user("shop", memberOf: ["pg_monitor"])
    try bench.user("plain", memberOf: ["pg_monitor"])
    try bench.user("owner")
    try bench.database("d", owner: "owner", scripts: [bench.script("1", "CREATE TABLE t (a int)")])
    let isOld = installation.majorVersion < 16
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.outcome == (isOld ? .incomplete : .converged))
      #expect(
        report.problems.filter { !$0.isFailure }.map { "\($0.item): \($0.message)" }
          == (isOld
            ? [
              "user shop: is NOINHERIT, and has none of the rights of pg_monitor before it says SET ROLE",
              "user owner: is NOINHERIT, and has none of the rights of pg_database_owner, whose the schema public in d is, "
                + "before it says SET ROLE",
            ] : []))
      #expect(report.problems.allSatisfy { $0.isFailure || $0.hint?.contains("INHERIT") == true })
    }
    #expect(try bench.value("SELECT pg_has_role('shop', 'pg_monitor', 'USAGE')") == (isOld ? "f" : "t"))
    try bench.server.connect().execute("ALTER ROLE shop INHERIT; ALTER ROLE owner INHERIT; ALTER ROLE plain NOINHERIT")
    // What Postern has made is put right by itself.
    #expect(bench.pass().applied.contains("alter role name=plain inherit=true") == isOld)
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT pg_has_role('plain', 'pg_monitor', 'USAGE')") == "t")
    #expect(try bench.value("SELECT pg_has_role('shop', 'pg_monitor', 'USAGE')") == "t")
  }

  /// A grant that another role gave as well stays, and later passes do not try again to take it back.
  @Test(arguments: PostgresInstallation.all)
  func whatAnotherGrantedTooStays(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("friend")
    try bench.user("analyst", grants: ["orders": .read])
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    try bench.connect(to: "orders", as: "shop").execute("GRANT CONNECT ON DATABASE orders TO friend WITH GRANT OPTION")
    try bench.connect(to: "orders", as: "friend").execute("GRANT CONNECT ON DATABASE orders TO analyst")
    try bench.user("analyst")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.sqlState("SELECT", in: "orders", as: "analyst") == nil)
  }
}
