import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// An event trigger whose function fails as a statement does whose object is gone. Nothing may count as done then.
@Suite(.blocking) struct EventTriggerTests {
  /// What the function runs, and the SQLSTATE with which it fails while Postern is at work.
  struct Body: Sendable {
    var sql: String
    var sqlState: String
  }

  static let bodies = [
    // Usual ones, which find what they need by the search_path of the database.
    Body(sql: "INSERT INTO ddl_log VALUES (tg_tag)", sqlState: SQLState.undefinedTable),
    Body(sql: "PERFORM note_ddl(tg_tag)", sqlState: SQLState.undefinedFunction),
    Body(sql: "PERFORM 'x'::ddl_kind", sqlState: SQLState.undefinedObject),
    Body(sql: "DROP SCHEMA missing", sqlState: SQLState.invalidSchemaName),
    Body(sql: "EXECUTE format('REVOKE ALL ON TABLE %s FROM postgres', 'missing')", sqlState: SQLState.undefinedTable),
  ]

  private static func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    for name in ["old", "new"] { try bench.user(name) }
    try bench.user("writer", grants: ["d": .write])
    try bench.database("d", owner: "old")
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE SCHEMA audit; CREATE TABLE audit.ddl_log (cmd text); ALTER DATABASE d SET search_path = public, audit;
      CREATE FUNCTION audit.note_ddl(text) RETURNS void LANGUAGE sql AS ''; CREATE TYPE audit.ddl_kind AS ENUM ('x')
      """)
    try bench.connect(to: "d", as: "old").execute(
      "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE VIEW v AS TABLE t")
    #expect(bench.pass().outcome == .converged)
    return bench
  }

  private static func watch(_ bench: ProvisionerBench, _ body: Body) throws {
    try bench.server.connect(database: "d").execute(
      """
      CREATE FUNCTION audit.lg() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \(body.sql); END $$;
      CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('GRANT', 'REVOKE', 'ALTER TABLE', 'ALTER VIEW',
        'ALTER DEFAULT PRIVILEGES') EXECUTE FUNCTION audit.lg()
      """)
  }

  private static func check(_ report: PassReport, _ item: String, _ body: Body) {
    #expect(report.applied == [])
    let failures = report.problems.filter { $0.isFailure }
    #expect(failures.map(\.item) == [item])
    #expect(failures.first?.sqlState == body.sqlState, "\(failures)")
    #expect(failures.first?.hint?.contains("ALTER FUNCTION … SET search_path") == true, "\(failures)")
    #expect(failures.first?.told?.message.contains(body.sqlState) == true)
  }

  @Test(arguments: PostgresInstallation.all, bodies)
  func noRightIsTakenBackThatWasNot(_ installation: PostgresInstallation, _ body: Body) throws {
    let bench = try Self.bench(installation)
    try Self.watch(bench, body)
    for level in [Grant.Level.read, nil] {
      try bench.user("writer", grants: level.map { ["d": $0] } ?? [:])
      let report = bench.pass()
      // CONNECT is a right on the database, which calls no event trigger.
      if level == nil { #expect(report.applied == ["revoke connect name=writer database=d"]) }
      var own = report
      own.applied = []
      Self.check(own, "grant to writer on d", body)
      #expect(try bench.value("SELECT level FROM postern.managed_grant") == "write")
    }
    try bench.user("writer", grants: ["d": .read])
    try bench.server.connect(database: "d").execute("DROP EVENT TRIGGER watch")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.sqlState("INSERT INTO t VALUES (1)", in: "d", as: "writer") == SQLState.insufficientPrivilege)
    #expect(bench.pass().applied == [])
  }

  @Test(arguments: PostgresInstallation.all, bodies)
  func noRightIsGivenThatWasNot(_ installation: PostgresInstallation, _ body: Body) throws {
    let bench = try Self.bench(installation)
    try Self.watch(bench, body)
    // CONNECT is given with the others.
    try bench.user("reader", grants: ["d": .read])
    var report = bench.pass()
    #expect(report.applied == ["create role name=reader"])
    report.applied = []
    Self.check(report, "grant to reader on d", body)
    try bench.server.connect(database: "d").execute("DROP EVENT TRIGGER watch")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT count(*) FROM t", in: "d", as: "reader") == "0")
  }

  @Test(arguments: PostgresInstallation.all, bodies)
  func noOwnerChangesWhoseObjectsDoNot(_ installation: PostgresInstallation, _ body: Body) throws {
    let bench = try Self.bench(installation)
    try bench.user("writer")
    #expect(bench.pass().outcome == .converged)
    try Self.watch(bench, body)
    try bench.database("d", owner: "new")
    Self.check(bench.pass(), "objects of old in d", body)
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'd'") == "old")
    try bench.server.connect(database: "d").execute("DROP EVENT TRIGGER watch")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT count(*) FROM pg_class WHERE relowner = 'old'::regrole", in: "d") == "0")
    #expect(bench.pass().applied == [])
  }

  /// The template's event trigger is in the copy as well.
  @Test(arguments: PostgresInstallation.all)
  func aCopysObjectsAreGivenLaterWhereTheyCannotBeAtOnce(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.user("writer")
    #expect(bench.pass().outcome == .converged)
    try Self.watch(bench, Self.bodies[0])
    bench.desired.spec.databases.append(
      Database(name: try PostgresName("cast"), owner: try PostgresName("new"), template: try PostgresName("d")))
    for _ in 0..<2 {
      #expect(bench.pass().problems.filter { $0.isFailure }.map(\.item) == ["objects of old in cast"])
    }
    try bench.server.connect(database: "cast").execute("DROP EVENT TRIGGER watch")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'cast'") == "new")
    #expect(try bench.value("SELECT count(*) FROM pg_class WHERE relowner = 'old'::regrole", in: "cast") == "0")
    #expect(try bench.value("SELECT count(*) FROM t", in: "cast", as: "new") == "0")
  }

  /// An object that is gone fails nothing. It is dropped while the statements are run.
  @Test(arguments: PostgresInstallation.all)
  func whatAnotherSessionHasDroppedMeanwhileFailsNothing(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.server.connect(database: "d").execute(
      """
      CREATE FUNCTION audit.drop_u() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS
        $$ BEGIN IF to_regclass('u') IS NOT NULL THEN DROP TABLE u; DROP FUNCTION f(int); DROP SCHEMA s CASCADE; END IF; END $$;
      CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f OWNER TO old;
      GRANT EXECUTE ON FUNCTION f TO writer;
      CREATE SCHEMA s AUTHORIZATION old; GRANT USAGE ON SCHEMA s TO writer;
      CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('REVOKE', 'ALTER DEFAULT PRIVILEGES')
        EXECUTE FUNCTION audit.drop_u()
      """)
    try bench.user("writer")
    #expect(bench.pass().problems.filter { $0.isFailure } == [])
    #expect(try bench.value("SELECT to_regclass('public.u')", in: "d") == nil)
    #expect(try bench.value("SELECT count(*) FROM postern.managed_grant") == "0")
    #expect(bench.pass().applied == [])
  }
}
