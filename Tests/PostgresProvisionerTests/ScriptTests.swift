import DatabaseSpec
import Foundation
import LibPQ
import Linux
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct ScriptTests {
  @Test(arguments: PostgresInstallation.all)
  func scriptsRunOnceAsTheOwnerAndAgainOnlyWhereTheySaySo(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let table = bench.script("001", "CREATE TABLE t (who text DEFAULT current_user); INSERT INTO t DEFAULT VALUES")
    let view = bench.script("002", "CREATE OR REPLACE VIEW v AS SELECT 1 AS one", rerun: .onChange)
    try bench.database("orders", owner: "shop", scripts: [table, view])
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT string_agg(who, ' ') FROM t", in: "orders") == "shop")

    let changedTable = bench.script("001", "DROP TABLE t")
    let changedView = bench.script("002", "DROP VIEW v; CREATE VIEW v AS SELECT 2 AS two", rerun: .onChange)
    try bench.database("orders", owner: "shop", scripts: [changedTable, changedView])
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(report.applied == ["run script name=002 database=orders owner=shop"])
    #expect(report.problems.map(\.item) == ["script 001 in orders"])
    #expect(report.problems.first?.message == "changed after it was applied, and is not run again")
    #expect(report.problems.first?.isFailure == false)
    #expect(try bench.value("SELECT string_agg(who, ' ') FROM t", in: "orders") == "shop")
    #expect(try bench.value("SELECT two FROM v", in: "orders") == "2")
  }

  @Test(arguments: PostgresInstallation.all)
  func aFailingScriptLeavesNothingAndSaysWhere(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "orders", owner: "shop",
      scripts: [
        bench.script("001", "CREATE TABLE t ();\n-- ü\nSELECT 'ü', nosuch FROM t"), bench.script("002", "SELECT 1"),
      ])
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    #expect(report.problems.map(\.item) == ["script 001 in orders", "script 002 in orders"])
    #expect(report.problems.first?.message == "line 3, column 13: column \"nosuch\" does not exist")
    #expect(report.problems.first?.sqlState == "42703")
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders") == nil)

    let fixed = bench.script("001", "CREATE TABLE t ();\nSELECT 1")
    try bench.database("orders", owner: "shop", scripts: [fixed, bench.desired.spec.databases[0].scripts[1]])
    #expect(bench.pass().applied.count == 2)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func anErrorWithoutAPositionNamesItsStatement(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database(
      "orders", owner: "shop", scripts: [bench.script("001", "SELECT 1;\n\n  SELECT 1/0; SELECT 2")])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.message == "line 3, column 3: division by zero")
    #expect(problem.sqlState == "22012")
  }

  /// What is checked at COMMIT belongs to no statement.
  @Test(arguments: PostgresInstallation.all)
  func whatFailsAtTheCommitIsToldAsThat(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let tables =
      "CREATE TABLE t (n int PRIMARY KEY); CREATE TABLE u (n int REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
    try bench.database(
      "orders", owner: "shop", scripts: [bench.script("001", tables + "INSERT INTO u VALUES (4711)")])
    try bench.database(
      "apart", owner: "shop",
      scripts: [bench.script("001", tables + "\nINSERT INTO u VALUES (4711)", transaction: false)])
    try bench.database(
      "own", owner: "shop",
      scripts: [bench.script("001", tables + "BEGIN;\nINSERT INTO u VALUES (4711)", transaction: false)])
    let violation = "insert or update on table \"u\" violates foreign key constraint \"u_n_fkey\""
    let problems = bench.pass().problems
    #expect(
      problems.map { "\($0.item): \($0.message)" } == [
        "script 001 in orders: at its COMMIT: \(violation)",
        "script 001 in apart: line 2, column 1: \(violation)",
        "script 001 in own: at its COMMIT: \(violation)",
      ])
    let hint =
      "what is deferred is checked at COMMIT: SET CONSTRAINTS ALL IMMEDIATE, earlier in the script, tells the statement"
    #expect(problems.map(\.hint) == [hint, nil, hint])
    #expect(problems.map(\.told?.hint) == [hint, nil, hint])
    #expect(problems.first?.told?.message.hasPrefix("at its COMMIT: SQLSTATE 23503") == true)
    #expect(try bench.value("SELECT to_regclass('public.t')", in: "orders") == nil)
    #expect(try bench.value("SELECT count(*) FROM postern.script", in: "own") == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func aDuplicateKeyInAScriptIsTheScriptsOwn(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let sql = "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (1)"
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", sql)])
    #expect(bench.pass().problems.map(\.sqlState) == [SQLState.uniqueViolation])
  }

  @Test(arguments: PostgresInstallation.all)
  func whatCannotRunInATransactionRunsWithoutOne(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let sql =
      "CREATE TABLE t (id int); CREATE INDEX CONCURRENTLY i ON t (id); VACUUM t; BEGIN; INSERT INTO t VALUES (1)"
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", sql, transaction: false)])
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT indexname FROM pg_indexes WHERE tablename = 't'", in: "orders") == "i")
    #expect(try bench.value("SELECT count(*) FROM t", in: "orders") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func aScriptIsNotInTheVolumeYet(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "SELECT 1")])
    bench.desired.scripts = [:]
    #expect(bench.pass().problems.map(\.item) == ["script 001 in orders"])
  }

  @Test(arguments: PostgresInstallation.all)
  func anOwnerWhosePasswordIsUnknownCannotRunScripts(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop", hasPassword: false)
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "SELECT 1")])
    let problem = try #require(bench.pass().problems.last)
    #expect(problem.item == "script 001 in orders")
    #expect(problem.hint == "the owner's password is not in the volume yet: scripts run as the owner")
  }

  /// pg_dump locks each table that it finds, also those that it has no rows of.
  @Test(arguments: PostgresInstallation.all)
  func anOwnerMayDumpItsDatabase(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("heir")
    try bench.database("d", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS n")])
    #expect(bench.pass().problems == [])
    // As the versions before have left it.
    try bench.server.connect(database: "d").execute("REVOKE SELECT ON postern.script FROM shop")
    #expect(bench.pass().applied == ["alter script records schema=postern database=d owner=shop"])
    func dump(_ user: String) throws -> ChildAnswer {
      var program = ChildProgram(
        installation.programs.appending(path: "pg_dump").path,
        ["--host", "127.0.0.1", "--port", String(bench.server.port), "--username", user, "d"])
      program.environment = ["PGPASSWORD": "\(user)-secret"]
      (program.output, program.errors) = (.collected, .collected)
      return try program.answer()
    }
    let answer = try dump("shop")
    #expect(answer.status == 0, "\(answer.errorText)")
    #expect(answer.text.contains("COPY postern.script"))
    try bench.database("d", owner: "heir", scripts: bench.desired.spec.databases[0].scripts)
    #expect(bench.pass().problems == [])
    #expect(try dump("heir").status == 0)
    #expect(try bench.value("SELECT has_table_privilege('shop', 'postern.script', 'SELECT')", in: "d") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// A GRANT of what is not one's own is no error. Who reads the status from outside does not see what rows may be in.
  @Test(arguments: PostgresInstallation.all)
  func whatAScriptWarnsOfIsInTheLogAlone(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("app")
    let sql = """
      SET client_min_messages = notice;
      DO $$ BEGIN RAISE NOTICE 'not this'; RAISE WARNING E'two\\nlines'; END $$;
        GRANT EXECUTE ON FUNCTION pg_catalog.pg_backend_pid() TO app;
      DO $$ BEGIN FOR n IN 1..25 LOOP RAISE WARNING 'again %', n; END LOOP; END $$
      """
    var secret = bench.script("002", "DO $$ BEGIN RAISE WARNING 'hunter4711'; END $$")
    secret.isConfidential = true
    try bench.database("d", owner: "shop", scripts: [bench.script("001", sql), secret])
    #expect(bench.pass().problems == [])
    let warnings = bench.log.filter { $0.hasPrefix("warning ") }
    let start = "warning a script's statement warns item=script 001 in d place=line "
    #expect(
      warnings.prefix(3) == [
        "\(start)2, column 1 sqlstate=01000 warning=two\nlines",
        "\(start)3, column 3 sqlstate=01007 warning=no privileges were granted for \"pg_backend_pid\"",
        "\(start)4, column 1 sqlstate=01000 warning=again 1",
      ])
    #expect(
      warnings.suffix(3) == [
        "\(start)4, column 1 sqlstate=01000 warning=again 18",
        "warning a script warns more often item=script 001 in d count=7",
        "warning a script's statement warns item=script 002 in d place=line 1, column 1 sqlstate=01000",
      ])
    #expect(warnings.count == 22)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
