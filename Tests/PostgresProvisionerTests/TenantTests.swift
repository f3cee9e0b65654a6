import DatabaseSpec
import LibPQ
import OpenSSL
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// What a tenant may try who owns a database and writes its scripts.
@Suite(.blocking) struct TenantTests {
  private static let tricks = [
    "RESET ROLE; CREATE ROLE mine SUPERUSER",
    "RESET SESSION AUTHORIZATION; ALTER ROLE shop SUPERUSER",
    "SET ROLE postgres",
    "DELETE FROM postern.script",
    "CREATE TRIGGER t BEFORE INSERT ON postern.script EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
    "CREATE FUNCTION postern.mine() RETURNS void LANGUAGE sql AS ''",
    "DROP SCHEMA postern CASCADE",
    "ALTER FUNCTION postern.record_script(text, text) OWNER TO shop",
  ]

  @Test(arguments: PostgresInstallation.all)
  func scriptsAreTheOwnersAndNoMore(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    for sql in Self.tricks {
      try bench.database("orders", owner: "shop", scripts: [bench.script("trick", sql)])
      let report = bench.pass()
      #expect(report.problems.map(\.item) == ["script trick in orders"], "\(sql)")
    }
    #expect(try bench.value("SELECT rolsuper FROM pg_roles WHERE rolname = 'shop'") == "f")
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'mine'") == "0")
  }

  /// A server on which a tenant owns a database.
  private static func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    return bench
  }

  @Test(arguments: PostgresInstallation.all)
  func triggersAndShadowedNamesNeverRunAsTheSuperuser(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    let first = bench.script(
      "001",
      """
      CREATE TABLE caught (who text);
      CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN NEW; END';
      CREATE TABLE script (name text, sha256 text);
      CREATE TRIGGER trap AFTER INSERT ON script FOR EACH ROW EXECUTE FUNCTION trap();
      CREATE FUNCTION now() RETURNS timestamptz LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN pg_catalog.now(); END';
      CREATE FUNCTION array_to_string(text[], text) RETURNS text LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN NULL; END';
      CREATE FUNCTION eq(name, text) RETURNS boolean LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN true; END';
      CREATE OPERATOR = (LEFTARG = name, RIGHTARG = text, FUNCTION = eq);
      SET search_path = public, pg_catalog;
      """)
    try bench.database(
      "orders", owner: "shop", schemas: [Schema(name: try PostgresName("audit"))],
      scripts: [first, bench.script("002", "SELECT 1")])
    try bench.user("analyst", grants: ["orders": .write])
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT count(*) FROM caught WHERE who <> 'shop'", in: "orders") == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func aSchemaPosternOfTheTenantIsNotTouched(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    #expect(bench.pass().outcome == .converged)
    try bench.connect(to: "orders", as: "shop").execute(
      """
      CREATE SCHEMA postern; CREATE TABLE postern.script (name text, sha256 text, applied_at timestamptz)
      """)
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "SELECT 1")])
    let report = bench.pass()
    #expect(report.problems.map(\.item) == ["database orders"])
    #expect(report.applied == [])
  }

  @Test(arguments: PostgresInstallation.all)
  func usersReachNothingButTheirOwnDatabases(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.user("other")
    try bench.database("theirs", owner: "other")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.sqlState("SELECT", in: "theirs", as: "shop") == SQLState.insufficientPrivilege)
    #expect(try bench.sqlState("SELECT", in: "postgres", as: "shop") == SQLState.insufficientPrivilege)
    try bench.server.connect().execute("GRANT CONNECT ON DATABASE postgres TO shop")
    for table in ["managed_role", "managed_membership", "managed_grant"] {
      #expect(
        try bench.sqlState("SELECT * FROM postern.\(table)", in: "postgres", as: "shop")
          == SQLState.insufficientPrivilege)
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func aVerifierOfTheUsersMakingDoesNotKeepAPassBusy(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    #expect(bench.pass().outcome == .converged)
    // The password is right, but the verifier has too many iterations.
    let verifier = ScramVerifier(password: "shop-secret", salt: Array(0..<16), iterations: 1_000_001)
    try bench.connect(to: "orders", as: "shop").execute("ALTER ROLE shop PASSWORD '\(verifier.text)'")
    #expect(bench.pass().applied == ["alter role name=shop password=changed"])
  }

  /// The owner can set each of these for everybody who connects to the database.
  private static let obstacles = [
    "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'", "statement_timeout = '1ms'",
    "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", "idle_session_timeout = '1ms'",
    "search_path = 'trap'", "role = 'shop'", "exit_on_error = on", "default_tablespace = 'nosuch'",
    "default_table_access_method = 'nosuch'", "local_preload_libraries = 'nosuch'", "standard_conforming_strings = off",
    "client_min_messages = 'debug5'", "client_encoding = 'LATIN1'", "quote_all_identifiers = on", "array_nulls = off",
    "DateStyle = 'German'", "transform_null_equals = on", "check_function_bodies = off", "application_name = 'x'",
  ]

  @Test(arguments: PostgresInstallation.all)
  func whatATenantSetsForItsDatabaseDoesNotKeepPosternOut(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.user("leaver", grants: ["orders": .write])
    #expect(bench.pass().problems == [])
    let tenant = try bench.connect(to: "orders", as: "shop")
    try tenant.execute("CREATE TABLE t ()")
    let later = installation.majorVersion >= 17 ? ["transaction_timeout = '1ms'"] : []
    for setting in Self.obstacles + later { try tenant.execute("ALTER DATABASE orders SET \(setting)") }
    #expect(throws: PostgresError.self) { try bench.server.connect(database: "orders").query("SELECT pg_sleep(1)") }
    // From now on only the tenant's own programs are affected.
    try bench.user("analyst", grants: ["orders": .read])
    try bench.user("leaver", ensure: .absent)
    try bench.database("orders", owner: "shop", schemas: [Schema(name: try PostgresName("b\\s"))])
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(report.outcome == .converged)
    #expect(bench.pass() == PassReport(outcome: .converged))
    try tenant.execute("ALTER DATABASE orders RESET ALL")
    #expect(try bench.sqlState("SELECT * FROM t", in: "orders", as: "analyst") == nil)
  }
}
