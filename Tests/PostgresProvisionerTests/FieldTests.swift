import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// What others' operators, providers and modules were reported to get wrong.
@Suite(.blocking) struct FieldTests {
  /// What a user owns, beside what `OwnerChangeTests` has.
  private static let belongings = """
    SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
    CREATE SERVER "s 1" FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR ann SERVER "s 1";
    CREATE USER MAPPING FOR PUBLIC SERVER "s 1";
    CREATE SCHEMA own; CREATE FOREIGN TABLE own.ft (a int) SERVER "s 1";
    CREATE TABLE own.part (a int, b text) PARTITION BY RANGE (a);
    CREATE TABLE own.part1 PARTITION OF own.part FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);
    CREATE TABLE own.part11 PARTITION OF own.part1 DEFAULT;
    CREATE TABLE own.ident (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b serial, c int GENERATED ALWAYS AS (1) STORED);
    CREATE UNLOGGED TABLE own.unlogged (a int); CREATE TABLE own.child () INHERITS (own.ident);
    CREATE TYPE own.r AS RANGE (subtype = int4);
    CREATE CONVERSION own.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
    CREATE PUBLICATION pub FOR TABLE own.ident;
    CREATE POLICY p ON own.ident TO ann; ALTER TABLE own.ident ENABLE ROW LEVEL SECURITY;
    CREATE FUNCTION own.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER fire BEFORE INSERT ON own.ident FOR EACH ROW EXECUTE FUNCTION own.fire();
    CREATE RULE r AS ON DELETE TO own.child DO INSTEAD NOTHING;
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
    ALTER DEFAULT PRIVILEGES IN SCHEMA own GRANT SELECT ON TABLES TO shop;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
    GRANT SELECT (id) ON own.ident TO PUBLIC
    """

  /// What a user was given by others, in and outside of the database.
  private static let rights = """
    CREATE TABLE t (a int, b int); ALTER TABLE t OWNER TO shop; GRANT SELECT (a), UPDATE (b) ON t TO ann;
    CREATE POLICY p ON t TO ann;
    GRANT EXECUTE ON FUNCTION pg_stat_reset() TO ann; GRANT SELECT (rolname) ON pg_authid TO ann;
    GRANT SELECT ON pg_stat_ssl TO ann; GRANT USAGE ON LANGUAGE plpgsql TO ann; GRANT USAGE ON TYPE int4 TO ann;
    GRANT SET ON PARAMETER log_statement TO ann; GRANT ALTER SYSTEM ON PARAMETER work_mem TO ann;
    GRANT CREATE ON TABLESPACE pg_default TO ann; GRANT TEMPORARY ON DATABASE template1 TO ann;
    GRANT pg_monitor TO ann WITH ADMIN OPTION; CREATE ROLE clerk;
    SET ROLE ann; GRANT pg_monitor TO clerk; RESET ROLE;
    ALTER DEFAULT PRIVILEGES FOR ROLE shop IN SCHEMA public GRANT SELECT ON TABLES TO ann;
    ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT EXECUTE ON ROUTINES TO ann; DO $$ BEGIN CREATE EXTENSION pg_trgm SCHEMA public; EXCEPTION WHEN OTHERS THEN NULL; END $$;
    CREATE TABLE granted (a int); GRANT ALL ON granted TO ann WITH GRANT OPTION;
    SET ROLE ann; GRANT SELECT ON granted TO clerk; RESET ROLE
    """

  private static func bench(_ installation: PostgresInstallation, owner: String) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("ann", grants: owner == "ann" ? [:] : ["d": .write])
    try bench.database("d", owner: owner)
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      "CREATE FOREIGN DATA WRAPPER w; GRANT CREATE ON DATABASE d TO ann; GRANT USAGE ON FOREIGN DATA WRAPPER w TO ann")
    try bench.connect(to: "d", as: "ann").execute(belongings)
    return bench
  }

  private static let owned = """
    SELECT string_agg(pg_describe_object(classid, objid, objsubid), ', ') FROM pg_shdepend
    WHERE refobjid = 'ann'::regrole AND deptype = 'o' AND dbid = (SELECT oid FROM pg_database WHERE datname = 'd')
      AND classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)
    """

  @Test(arguments: PostgresInstallation.all)
  func aUserIsDroppedWhateverItOwnsAndWasGiven(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, owner: "shop")
    try bench.server.connect(database: "d").execute(Self.rights)
    try bench.user("ann", ensure: .absent)
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'ann'") == "0")
    for object in ["own.part11", "own.ident", "own.child", "own.unlogged", "own.ft"] {
      #expect(
        try bench.value("SELECT relowner::regrole FROM pg_class WHERE oid = '\(object)'::regclass", in: "d") == "shop")
    }
    #expect(try bench.value("SELECT pubowner::regrole FROM pg_publication", in: "d") == "shop")
    #expect(try bench.value("SELECT srvowner::regrole FROM pg_foreign_server", in: "d") == "shop")
    #expect(try bench.value("SELECT lomowner::regrole FROM pg_largeobject_metadata", in: "d") == "shop")
    #expect(bench.pass().outcome == .converged)
    #expect(bench.pass().applied == [])
  }

  @Test(arguments: PostgresInstallation.all)
  func anotherOwnerGetsWhateverTheOldOneOwned(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, owner: "ann")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(Self.owned, in: "d") == nil)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// Whatever kind a relation is of, and whoever of the makers made it, before the grant and after it.
  @Test(arguments: PostgresInstallation.all)
  func grantsCoverEveryKindOfRelation(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      "CREATE FOREIGN DATA WRAPPER w; GRANT USAGE ON FOREIGN DATA WRAPPER w TO shop")
    let shop = try bench.connect(to: "d", as: "shop")
    func make(in schema: String) throws {
      try shop.execute(
        """
        CREATE SCHEMA \(schema); SET search_path = \(schema);
        CREATE TABLE part (a int, b text) PARTITION BY RANGE (a);
        CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);
        CREATE TABLE part11 PARTITION OF part1 DEFAULT; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
        CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY); CREATE VIEW v AS SELECT 1 AS a;
        CREATE SERVER \(schema) FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a int) SERVER \(schema);
        CREATE SEQUENCE q; CREATE AGGREGATE g(int) (sfunc = int4pl, stype = int)
        """)
    }
    try make(in: "before")
    try bench.user("ro", grants: ["d": .read])
    try bench.user("rw", grants: ["d": .write])
    #expect(bench.pass().problems == [])
    try make(in: "\"After\"")
    for schema in ["before", "\"After\""] {
      for relation in ["part", "part1", "part11", "m", "ident", "v", "f", "q"] {
        let name = "\(schema).\(relation)"
        for user in ["ro", "rw"] {
          #expect(
            try bench.value("SELECT has_table_privilege('\(user)', '\(name)', 'SELECT')", in: "d") == "t", "\(name)")
        }
      }
      #expect(try bench.sqlState("INSERT INTO \(schema).part VALUES (1, 'x')", in: "d", as: "rw") == nil)
      #expect(try bench.sqlState("INSERT INTO \(schema).ident DEFAULT VALUES", in: "d", as: "rw") == nil)
      #expect(try bench.sqlState("SELECT \(schema).g(1)", in: "d", as: "ro") == nil)
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func anExtensionWithoutAPathOrASchemaSaysWhatIsMissing(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let name = try PostgresName("pg_trgm")
    try bench.database("d", owner: "shop", extensions: [Extension(name: name, schema: try PostgresName("nowhere"))])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.item == "extension pg_trgm in d")
    #expect(problem.hint?.contains("nowhere") == true, "\(problem)")
    // The first version cannot be come to from the present one.
    try bench.database("d", owner: "shop", extensions: [Extension(name: name)])
    #expect(bench.pass().problems == [])
    try bench.database("d", owner: "shop", extensions: [Extension(name: name, version: "1.3")])
    let other = try #require(bench.pass().problems.first)
    #expect(other.item == "extension pg_trgm in d")
    #expect(other.message.contains("no update path"), "\(other)")
    #expect(other.hint?.contains("declare") == true, "\(other)")
  }

  /// The words of errors that Postern reads are English, whatever the server speaks.
  @Test(arguments: PostgresInstallation.all)
  func theServersLanguageIsNoMatter(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("ALTER DATABASE d SET lc_messages = 'C.UTF-8'")
    try bench.server.connect(database: "d").execute(
      """
      CREATE SCHEMA theirs CREATE TABLE seen (language text);
      CREATE FUNCTION theirs.see() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN INSERT INTO theirs.seen VALUES (current_setting('lc_messages')); END $$;
      CREATE EVENT TRIGGER see ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION theirs.see()
      """)
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT string_agg(DISTINCT language, ' ') FROM theirs.seen", in: "d") == "C")
  }

  /// An owner whom the server does not let in is told why.
  @Test(arguments: PostgresInstallation.all)
  func anOwnerWhoCannotLogInForItsScriptIsToldWhy(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("late", validUntil: "2020-01-01T00:00:00Z")
    try bench.user("few", connectionLimit: 0)
    for user in ["late", "few"] {
      try bench.database("\(user)_db", owner: user, scripts: [bench.script("001", "SELECT 1")])
    }
    let problems = bench.pass().problems
    #expect(problems.map(\.item) == ["script 001 in late_db", "script 001 in few_db"])
    #expect(problems.first?.hint?.contains("validUntil") == true, "\(problems)")
    #expect(problems.last?.hint?.contains("connectionLimit") == true, "\(problems)")
  }

  /// A trigger of a DBA's on DDL keeps what it forbids and nothing else.
  @Test(arguments: PostgresInstallation.all)
  func aTriggerThatForbidsDDLKeepsNoUserOut(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no DDL today'; END $$;
      CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()
      """)
    try bench.user("late", grants: ["d": .read])
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    let report = bench.pass()
    #expect(Set(report.problems.map(\.item)) == ["schema s in d", "grant to late on d"])
    #expect(report.problems.allSatisfy { $0.message.contains("no DDL today") })
    #expect(try bench.value("SELECT 1", in: "d", as: "late") == "1")
  }

  /// A template that somebody is in cannot be copied, and says who.
  @Test(arguments: PostgresInstallation.all)
  func aTemplateInUseIsToldWithItsSessions(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("mould", owner: "shop")
    #expect(bench.pass().problems == [])
    let session = try bench.connect(to: "mould", as: "shop")
    try bench.database("cast", owner: "shop")
    bench.desired.spec.databases[1].template = try PostgresName("mould")
    let problem = try withExtendedLifetime(session) { try #require(bench.pass().problems.first) }
    #expect(problem.item == "database cast")
    #expect(problem.sqlState == "55006")
    #expect(problem.message.contains("mould"), "\(problem)")
  }

  /// A name that the encoding of a database cannot write.
  @Test(arguments: PostgresInstallation.all)
  func aNameThatADatabaseCannotWriteIsToldWithWhatToDo(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("レポート", grants: ["d": .read])
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    bench.desired.spec.databases[0].encoding = "LATIN1"
    bench.desired.spec.databases[0].locale = "C"
    let problems = bench.pass().problems
    #expect(!problems.isEmpty)
    #expect(problems.allSatisfy { $0.hint?.contains("UTF8") == true }, "\(problems)")
  }

  /// Who and what was renamed by hand is made anew under the declared name, and gets what is the database's.
  @Test(arguments: PostgresInstallation.all)
  func whatWasRenamedByHandIsMadeAnew(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("ALTER ROLE shop RENAME TO old_shop")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'd'") == "shop")
    try bench.server.connect(database: "d").execute("ALTER SCHEMA s RENAME TO old_s")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
