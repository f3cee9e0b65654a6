import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// What others than Postern may do with its records, and what they put on them: nobody becomes a superuser by that.
@Suite(.blocking) struct RecordRightsTests {
  private static func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE SCHEMA own")])
    #expect(bench.pass().problems == [])
    return bench
  }

  /// Rights on the records and on their schema that are not the superuser's, other than to read and to find them, or to record.
  private static let intrusions = """
    SELECT string_agg(DISTINCT coalesce(r.rolname, 'PUBLIC') || ' ' || privilege_type, ', ') FROM (
      SELECT (aclexplode(relacl)).* FROM pg_class WHERE relnamespace = 'postern'::regnamespace AND relkind = 'r'
      UNION ALL SELECT (aclexplode(attacl)).* FROM pg_attribute
      WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'postern'::regnamespace)
      UNION ALL SELECT (aclexplode(nspacl)).* FROM pg_namespace WHERE nspname = 'postern'
      UNION ALL SELECT (aclexplode(proacl)).* FROM pg_proc WHERE pronamespace = 'postern'::regnamespace) a
    LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolsuper IS NOT TRUE AND privilege_type NOT IN ('SELECT', 'USAGE')
      AND NOT (r.rolname IS NOT DISTINCT FROM 'shop' AND privilege_type = 'EXECUTE')
    """
  /// The table to which a pass writes there.
  private static func record(in database: String) -> String {
    database == "d" ? "postern.script" : "postern.managed_role"
  }
  private static let isSuperuser = "SELECT rolsuper FROM pg_roles WHERE rolname = 'shop'"
  private static let grant = "GRANT ALL ON SCHEMA postern TO shop; GRANT ALL ON ALL TABLES IN SCHEMA postern TO shop"

  /// Lets the tenant make things there.
  private static func entrance(to database: String) -> String {
    "GRANT CONNECT ON DATABASE \(database) TO shop; CREATE SCHEMA IF NOT EXISTS own; ALTER SCHEMA own OWNER TO shop"
  }

  /// As a version before, whose function ran triggers, and a GRANT leave a database.
  private static func loosen(_ bench: ProvisionerBench) throws {
    try bench.server.connect(database: "d").execute("\(grant); \(olderFunction)")
  }
  private static let olderFunction = """
    CREATE OR REPLACE FUNCTION postern.record_script(text, text) RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'INSERT INTO postern.script (name, sha256) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()
    WHERE script.sha256 <> excluded.sha256 RETURNING true'
    """

  private static let generous = """
    ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO app, shop, PUBLIC, "We ird";
    ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO app, shop, PUBLIC, "We ird";
    ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO app, shop, PUBLIC, "We ird"
    """

  @Test(arguments: PostgresInstallation.all)
  func defaultPrivilegesGiveNobodyMoreThanToReadThem(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute(#"CREATE ROLE app LOGIN; CREATE ROLE shop LOGIN; CREATE ROLE "We ird""#)
    try bench.server.connect().execute("CREATE DATABASE d OWNER shop")
    for database in ["postgres", "d"] { try bench.server.connect(database: database).execute(Self.generous) }
    try bench.user("shop")
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "SELECT 1")])
    #expect(bench.pass().outcome == .converged)
    for database in ["postgres", "d"] { #expect(try bench.value(Self.intrusions, in: database) == nil) }
    #expect(bench.pass() == PassReport(outcome: .converged))
    // A table that comes later.
    try bench.database(
      "d", owner: "shop", scripts: [bench.script("1", "SELECT 1"), bench.script("2", "SELECT 1 / 0")])
    bench.control.isReady = { true }
    #expect(bench.pass().outcome == .incomplete)
    #expect(try bench.value("SELECT count(*) FROM postern.known_failure") == "1")
    #expect(try bench.value(Self.intrusions) == nil)
  }

  @Test(arguments: PostgresInstallation.all, ["postgres", "d"])
  func whoseRightsAreTakenBackIsToldAndWhoMayReadStillCan(
    _ installation: PostgresInstallation, _ database: String
  ) throws {
    let bench = try Self.bench(installation)
    let admin = try bench.server.connect(database: database)
    let table = Self.record(in: database)
    try admin.execute(
      """
      CREATE ROLE reader LOGIN PASSWORD 'reader-secret'; GRANT CONNECT ON DATABASE \(database) TO reader;
      GRANT USAGE ON SCHEMA postern TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA postern TO reader;
      ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader
      """)
    #expect(bench.pass() == PassReport(outcome: .converged))
    for (statements, told) in [
      ("GRANT INSERT (name), REFERENCES (name) ON \(table) TO reader", "reader (INSERT, REFERENCES)"),
      ("GRANT ALL ON ALL TABLES IN SCHEMA postern TO reader", "reader (DELETE, INSERT, "),
      ("GRANT CREATE ON SCHEMA postern TO PUBLIC", "PUBLIC (CREATE)"),
      ("CREATE SEQUENCE postern.s; GRANT USAGE ON SEQUENCE postern.s TO reader", nil),
    ] {
      try admin.execute(statements)
      let report = bench.pass()
      #expect(report.outcome == .converged, "\(report)")
      #expect(report.problems.map(\.isFailure) == (told == nil ? [] : [false]), "\(report)")
      if let told { #expect(report.problems.first?.message.contains(" taken back: \(told)") == true, "\(report)") }
      #expect(try bench.value(Self.intrusions, in: database) == nil, "\(statements)")
      #expect(bench.pass() == PassReport(outcome: .converged), "\(statements)")
      #expect(try bench.sqlState("SELECT FROM \(table)", in: database, as: "reader") == nil)
    }
  }

  /// Only who gave a right can take it back, and a superuser counts as the owner of everything.
  @Test(arguments: PostgresInstallation.all, ["postgres", "d"])
  func rightsThatSomebodyElseGaveAreTakenBackWhoeverThatIsNow(
    _ installation: PostgresInstallation, _ database: String
  ) throws {
    let bench = try Self.bench(installation)
    let admin = try bench.server.connect(database: database)
    let table = Self.record(in: database)
    // As a tenant can set it.
    try admin.execute("ALTER DATABASE \(database) SET quote_all_identifiers = on")
    let function = database == "d" ? "GRANT EXECUTE ON FUNCTION postern.record_script(text, text) TO" : nil
    let give = """
      CREATE ROLE mid; CREATE ROLE fr; GRANT USAGE, CREATE ON SCHEMA postern TO mid WITH GRANT OPTION;
      GRANT INSERT ON \(table) TO mid WITH GRANT OPTION; \(function.map { "\($0) mid WITH GRANT OPTION;" } ?? "")
      SET ROLE mid; GRANT USAGE, CREATE ON SCHEMA postern TO fr; GRANT INSERT ON \(table) TO fr;
      \(function.map { "\($0) fr;" } ?? "") RESET ROLE
      """
    for change in [
      "", "ALTER ROLE mid SUPERUSER",
      "ALTER ROLE mid SUPERUSER; REVOKE ALL ON \(table) FROM mid CASCADE; ALTER ROLE mid NOSUPERUSER",
    ] {
      try admin.execute(give)
      if !change.isEmpty { try admin.execute(change) }
      let report = bench.pass()
      #expect(report.outcome == .converged, "\(change): \(report)")
      let told = report.problems.map { $0.message.contains(#" taken back: "fr" (CREATE"#) }
      #expect(told == [true], "\(change): \(report)")
      #expect(try bench.value(Self.intrusions, in: database) == nil, "\(change)")
      let owners = "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class"
      #expect(
        try bench.value("\(owners) WHERE relnamespace = 'postern'::regnamespace", in: database) == "postgres")
      #expect(bench.pass() == PassReport(outcome: .converged), "\(change)")
      try admin.execute("DROP OWNED BY fr, mid; DROP ROLE fr; DROP ROLE mid")
    }
  }

  /// What a tenant with all rights on a record can put on it, or on what refers to it, how the server names it, and what takes it
  /// away.
  private static func additions(on table: String) -> [(what: String, make: String, drop: String)] {
    [
      (
        "trigger f on table \(table)",
        """
        CREATE FUNCTION own.f() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN EXECUTE 'ALTER ROLE shop SUPERUSER'; RETURN new; END $$;
        CREATE TRIGGER f BEFORE INSERT OR UPDATE OR DELETE ON \(table) FOR EACH ROW EXECUTE FUNCTION own.f()
        """, "DROP FUNCTION own.f CASCADE"
      ),
      (
        "trigger f on table \(table), trigger g on table \(table)",
        """
        CREATE FUNCTION own.evil(text) RETURNS boolean LANGUAGE plpgsql AS
          $$ BEGIN EXECUTE 'ALTER ROLE shop SUPERUSER'; RETURN false; END $$;
        CREATE TRIGGER f BEFORE INSERT ON \(table) FOR EACH ROW WHEN (own.evil(new.name))
          EXECUTE FUNCTION tsvector_update_trigger('x', 'pg_catalog.english', 'y');
        CREATE TRIGGER g BEFORE DELETE ON \(table) FOR EACH ROW WHEN (own.evil(old.name))
          EXECUTE FUNCTION suppress_redundant_updates_trigger()
        """, "DROP FUNCTION own.evil CASCADE"
      ),
      (
        "constraint fk_n_fkey on table own.fk",
        """
        CREATE TABLE own.fk (n text COLLATE "C" REFERENCES \(table) (name) ON DELETE CASCADE);
        INSERT INTO own.fk SELECT name FROM \(table);
        CREATE FUNCTION own.f() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN EXECUTE 'ALTER ROLE shop SUPERUSER'; RETURN old; END $$;
        CREATE CONSTRAINT TRIGGER f AFTER DELETE ON own.fk DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION own.f()
        """, "DROP TABLE own.fk; DROP FUNCTION own.f"
      ),
    ]
  }

  @Test(arguments: PostgresInstallation.all, ["postgres", "d"])
  func whatSomebodyPutsOnThemIsDisarmedAndTold(
    _ installation: PostgresInstallation, _ database: String
  ) throws {
    let bench = try Self.bench(installation)
    let admin = try bench.server.connect(database: database)
    try admin.execute(Self.entrance(to: database))
    var scripts = bench.desired.spec.databases[0].scripts
    let table = Self.record(in: database)
    for (index, addition) in Self.additions(on: table).enumerated() {
      try admin.execute(Self.grant)
      try bench.connect(to: database, as: "shop").execute(addition.make)
      try bench.user("late\(index)")
      scripts.append(bench.script("late\(index)", "CREATE TABLE t\(index) ()"))
      try bench.database("d", owner: "shop", scripts: scripts)
      let report = bench.pass()
      let problem = try #require(report.problems.first)
      #expect(report.outcome == .converged && !problem.isFailure, "\(report)")
      #expect(problem.message.contains("taken back: shop ("), "\(problem)")
      #expect(problem.message.hasSuffix("), \(addition.what)"), "\(problem)")
      #expect(try bench.value("SELECT to_regclass('t\(index)') IS NOT NULL", in: "d") == "t")
      #expect(try bench.value(Self.isSuperuser) == "f")
      #expect(try bench.value(Self.intrusions, in: database) == nil)
      #expect(bench.pass() == PassReport(outcome: .converged))
      // Neither does it help who writes there by hand, nor the tenant itself.
      try admin.execute("BEGIN; DELETE FROM \(table); ROLLBACK")
      #expect(try bench.value("SELECT count(*) FROM pg_constraint WHERE conname = 'fk_n_fkey'", in: database) == "0")
      #expect(try bench.value(Self.isSuperuser) == "f")
      try admin.execute(addition.drop)
    }
  }

  /// It is made while a pass runs, after a look at the records.
  @Test(arguments: PostgresInstallation.all, ["postgres", "d"])
  func whatComesAfterALookDoesNothing(_ installation: PostgresInstallation, _ database: String) throws {
    let table = Self.record(in: database)
    for (index, addition) in Self.additions(on: table).enumerated() {
      let bench = try Self.bench(installation)
      try bench.user("leaver", grants: ["d": .read], memberOf: ["shop"])
      #expect(bench.pass().problems == [])
      let admin = try bench.server.connect(database: database)
      try admin.execute(Self.entrance(to: database))
      try bench.remove("leaver")
      bench.desired.spec.removedUsers = .drop
      for name in ["late", "later"] { try bench.user(name, grants: ["d": .read], memberOf: ["shop"]) }
      try bench.database(
        "d", owner: "shop",
        scripts: bench.desired.spec.databases[0].scripts + [bench.script("late", "CREATE TABLE t ()")])
      let shop = try bench.connect(to: database, as: "shop")
      var failure: PostgresError?
      var isMade = false
      bench.control.log = { _, title, _ in
        guard title == (database == "d" ? "running script" : "create role"), !isMade else { return }
        isMade = true
        do throws(PostgresError) {
          try admin.execute(Self.grant)
          try shop.execute(addition.make)
        } catch { failure = error }
      }
      let report = bench.pass()
      #expect(isMade && failure == nil, "\(index): \(String(describing: failure))")
      #expect(report.outcome == .converged, "\(report)")
      #expect(try bench.value(Self.isSuperuser) == "f", "\(index)")
      if database == "d" {
        #expect(try bench.value("SELECT count(*) FROM postern.script WHERE name = 'late'", in: "d") == "1")
      } else {
        #expect(try bench.value("SELECT count(*) FROM postern.managed_role WHERE name = 'leaver'") == "0", "\(report)")
        #expect(try bench.value("SELECT count(*) FROM postern.managed_role WHERE name = 'later'") == "1", "\(report)")
      }
    }
  }

  /// The owner of a database may call the function itself, also where nothing is to be recorded any more.
  @Test(arguments: PostgresInstallation.all, [false, true])
  func oneThatNothingIsRecordedInAnyMoreIsClosedAsWell(
    _ installation: PostgresInstallation, isDeclared: Bool
  ) throws {
    let bench = try Self.bench(installation)
    try bench.database("d", owner: "shop")
    if !isDeclared { bench.desired.spec.databases = [] }
    #expect(bench.pass() == PassReport(outcome: .converged))
    try Self.loosen(bench)
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(report.problems.map(\.item) == ["database d"])
    #expect(try bench.value(Self.intrusions, in: "d") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
    // It may still dump its database, and what it has made before does nothing.
    let shop = try bench.connect(to: "d", as: "shop")
    try shop.execute("BEGIN; LOCK TABLE postern.script IN ACCESS SHARE MODE; COMMIT")
    try bench.server.connect(database: "d").execute(Self.grant)
    try shop.execute(Self.additions(on: "postern.script")[1].make)
    try shop.execute("SELECT postern.record_script('forged', '')")
    #expect(try bench.value(Self.isSuperuser) == "f")
    let told = try #require(bench.pass().problems.first)
    #expect(!told.isFailure && told.message.contains("trigger f on table postern.script"), "\(told)")
    #expect(try bench.value(Self.intrusions, in: "d") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
    guard !isDeclared else { return }
    // One that nobody can connect to fails nothing.
    try bench.server.connect(database: "d").execute(
      "GRANT EXECUTE ON FUNCTION postern.record_script(text, text) TO shop")
    try bench.server.connect().execute("UPDATE pg_database SET datctype = 'nosuch' WHERE datname = 'd'")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func theFunctionOfAnOlderVersionIsMadeQuietOnce(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    for statement in [Self.olderFunction, "DROP FUNCTION postern.record_script"] {
      try bench.server.connect(database: "d").execute(statement)
      #expect(bench.pass().outcome == .converged)
      #expect(try bench.plan() == [])
      let role = "SELECT postern.record_script('x', 'y') || current_setting('session_replication_role')"
      #expect(try bench.connect(to: "d", as: "shop").query(role).value(0, 0) == "trueorigin")
      // Whoever restores the owner's dump can make it.
      let definition = try #require(
        try bench.value("SELECT pg_get_functiondef('postern.record_script(text, text)'::regprocedure)", in: "d"))
      try bench.server.connect(database: "d").execute("GRANT USAGE, CREATE ON SCHEMA public TO shop")
      #expect(
        try bench.sqlState(definition.replacing("postern.record_script", with: "public.r"), in: "d", as: "shop") == nil)
      try bench.server.connect(database: "d").execute("DELETE FROM postern.script WHERE name = 'x'")
    }
  }

  /// What a tenant has made there keeps nothing open that is the superuser's.
  @Test(arguments: PostgresInstallation.all, [false, true])
  func aTenantsTableBesideThemKeepsNothingOpen(_ installation: PostgresInstallation, hasScripts: Bool) throws {
    let bench = try Self.bench(installation)
    if !hasScripts { try bench.database("d", owner: "shop") }
    try Self.loosen(bench)
    try bench.connect(to: "d", as: "shop").execute("CREATE TABLE postern.mine ()")
    #expect(bench.pass().problems.contains { $0.message.contains("taken back: shop (") })
    #expect(try bench.value(Self.intrusions, in: "d") == nil)
    try bench.server.connect(database: "d").execute(Self.grant)
    try bench.connect(to: "d", as: "shop").execute("CREATE SCHEMA IF NOT EXISTS own AUTHORIZATION shop")
    try bench.connect(to: "d", as: "shop").execute(Self.additions(on: "postern.script")[0].make)
    _ = try bench.sqlState("SELECT postern.record_script('forged', '')", in: "d", as: "shop")
    #expect(try bench.value(Self.isSuperuser) == "f")
  }

  /// A schema of that name, and a table, may be the tenant's own.
  @Test(arguments: PostgresInstallation.all)
  func nothingOfATenantsOwnSchemaIsDisarmed(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.connect(to: "d", as: "shop").execute(
      """
      CREATE SCHEMA postern; CREATE TABLE postern.script (name text PRIMARY KEY);
      CREATE TABLE postern.run (script text CONSTRAINT own REFERENCES postern.script);
      CREATE FUNCTION postern.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
      CREATE TRIGGER own BEFORE INSERT ON postern.script FOR EACH ROW EXECUTE FUNCTION postern.f()
      """)
    for scripts in [[], [bench.script("1", "SELECT 1")]] {
      try bench.database("d", owner: "shop", scripts: scripts)
      let report = bench.pass()
      #expect(!report.problems.contains { $0.message.contains("taken back") }, "\(report)")
      #expect(try bench.value("SELECT count(*) FROM pg_constraint WHERE conname = 'own'", in: "d") == "1")
      #expect(try bench.value("SELECT tgenabled FROM pg_trigger WHERE tgname = 'own'", in: "d") == "O")
    }
  }

  /// What only a superuser can have put on them stops what would be written, and nothing else: they are read.
  @Test(arguments: PostgresInstallation.all)
  func recordsThatAreNotToBeWrittenAreRead(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation)
    try bench.user("leaver")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute(
      """
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
      CREATE TRIGGER f BEFORE INSERT ON postern.managed_grant FOR EACH ROW EXECUTE FUNCTION f();
      ALTER TABLE postern.managed_grant ENABLE ALWAYS TRIGGER f
      """)
    try bench.remove("leaver")
    let report = bench.pass()
    #expect(report.problems.first?.message.contains("what is not Postern's: trigger f on table") == true, "\(report)")
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == "f")
    try bench.server.connect().execute("DROP FUNCTION f CASCADE")
    #expect(bench.pass().problems == [])
  }
}
