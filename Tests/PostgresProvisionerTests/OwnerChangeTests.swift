import DatabaseSpec
import Foundation
import LibPQ
import PostgresProvisioner
import Provisioning
import Synchronization
import TestThreads
import Testing
import ThrowawayPostgres

/// Which objects get the new owner when a database gets one, and which do not.
@Suite(.blocking) struct OwnerChangeTests {
  /// One of each kind of object that has an owner.
  private static let everything = """
    CREATE SCHEMA s; SET search_path = s;
    CREATE TABLE "T x" (a serial, b bigint GENERATED ALWAYS AS IDENTITY); CREATE VIEW v AS SELECT 1 AS x;
    CREATE MATERIALIZED VIEW m AS SELECT 1 AS x; CREATE SEQUENCE q; CREATE TYPE c AS (a int); CREATE TYPE e AS ENUM ('a');
    CREATE DOMAIN d AS int; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE g(int) (sfunc = int4pl, stype = int); CREATE PROCEDURE p(OUT a int) LANGUAGE sql AS 'SELECT 1';
    CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq); CREATE COLLATION "C 2" FROM "C";
    CREATE TEXT SEARCH CONFIGURATION tc (COPY = pg_catalog.simple); CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple);
    CREATE STATISTICS st ON a, b FROM "T x"; CREATE TABLE part (a int) PARTITION BY RANGE (a);
    CREATE TABLE part1 PARTITION OF part DEFAULT; SELECT lo_create(4711); CREATE SCHEMA theirs;
    CREATE TABLE theirs.t (a int); CREATE TABLE public.t (a int)
    """

  @Test(arguments: PostgresInstallation.all)
  func allThatBelongsToTheDatabaseGoesAndNothingElse(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["old", "new", "third", "friend"] { try bench.user(name) }
    try bench.database("d", owner: "old", scripts: [bench.script("1", Self.everything)])
    try bench.database("other", owner: "old")
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute("ALTER SCHEMA theirs OWNER TO third")
    try bench.connect(to: "other", as: "old").execute(
      "GRANT CONNECT ON DATABASE other TO friend WITH GRANT OPTION; CREATE TABLE t (a int)")
    try bench.connect(to: "other", as: "friend").execute("GRANT CONNECT ON DATABASE other TO third")
    // The other database is no longer declared and must not change.
    bench.desired.spec.databases.removeLast()
    let before = try bench.value("SELECT datacl FROM pg_database WHERE datname = 'other'")
    try bench.database(
      "d", owner: "new", schemas: [Schema(name: try PostgresName("theirs"), owner: try PostgresName("third"))],
      scripts: bench.desired.spec.databases[0].scripts)
    let told =
      "old owns 1 tables, views or sequences in it that the database's owner, or who has grants, cannot read (theirs.t)"
    #expect(bench.pass().problems.map(\.message) == [told])
    let owned = """
      SELECT string_agg(i.identity, ' ') FROM pg_shdepend s
      CROSS JOIN LATERAL pg_identify_object(s.classid, s.objid, 0) i
      WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND s.refobjid = 'old'::regrole AND s.deptype = 'o'
      """
    #expect(try bench.value(owned, in: "d") == "theirs.t")
    #expect(try bench.value("SELECT datacl FROM pg_database WHERE datname = 'other'") == before)
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'other'") == "old")
    #expect(try bench.value("SELECT relowner::regrole FROM pg_class WHERE relname = 't'", in: "other") == "old")
    let last = bench.pass()
    #expect(last.applied == [])
    #expect(last.problems.map(\.message) == [told])
  }

  /// Otherwise replication stops, because its worker may not write what is another role's, and the server that it fetches
  /// from keeps all that it has not fetched.
  @Test(arguments: PostgresInstallation.all.filter { $0.majorVersion >= 16 })
  func aSubscriptionGoesOnUnderTheNewOwner(_ installation: PostgresInstallation) throws {
    let source = try PostgresServer(installation, configuration: ["wal_level=logical"])
    try source.connect().execute("CREATE TABLE t (n int); CREATE PUBLICATION p FOR TABLE t")
    let bench = try ProvisionerBench(installation)
    for name in ["old", "new"] { try bench.user(name) }
    for name in ["d", "other"] {
      try bench.database(name, owner: "old", scripts: [bench.script("1", "CREATE TABLE t (n int)")])
    }
    #expect(bench.pass().problems == [])
    let from = "host=\(source.folder.path) port=\(source.port) user=postgres"
    for name in ["d", "other"] {
      let target = try bench.server.connect(database: name)
      try target.execute(
        "CREATE SUBSCRIPTION \(name) CONNECTION '\(from)' PUBLICATION p WITH (password_required = false)")
      try target.execute("ALTER SUBSCRIPTION \(name) OWNER TO old")
    }
    try bench.database("d", owner: "new", scripts: bench.desired.spec.databases[0].scripts)
    #expect(bench.pass().problems == [])
    try source.connect().execute("INSERT INTO t VALUES (1)")
    for name in ["d", "other"] {
      #expect(try eventually { try bench.value("SELECT string_agg(n::text, '') FROM t", in: name) == "1" })
      try bench.server.connect(database: name).execute("DROP SUBSCRIPTION \(name)")
    }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func oneThatCannotBeMovedIsToldAndTheOthersAre(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["old", "new"] { try bench.user(name) }
    try bench.database(
      "d", owner: "old", scripts: [bench.script("1", "CREATE TABLE t (a int); CREATE TABLE u (a int)")])
    #expect(bench.pass().problems == [])
    let session = try bench.connect(to: "d", as: "old")
    try session.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    try bench.database("d", owner: "new", scripts: bench.desired.spec.databases[0].scripts)
    let report = bench.pass()
    #expect(report.problems.map(\.item) == ["objects of old in d"])
    #expect(report.problems.first?.message.contains("ALTER TABLE public.t OWNER TO new") == true)
    #expect(try bench.value("SELECT relowner::regrole FROM pg_class WHERE relname = 'u'", in: "d") == "new")
    try session.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT relowner::regrole FROM pg_class WHERE relname = 't'", in: "d") == "new")
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'd'") == "new")
  }

  /// As while pg_dump runs. A wait is for all of them together, and what is given already is nobody's to wait for.
  @Test(arguments: PostgresInstallation.all, [1, 2])
  func manyThatAreLockedAreNotWaitedForOneByOne(_ installation: PostgresInstallation, _ every: Int) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["old", "new"] { try bench.user(name) }
    try bench.database("d", owner: "old")
    #expect(bench.pass().problems == [])
    try bench.connect(to: "d", as: "old").execute(
      "DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END $$")
    let session = try bench.connect(to: "d", as: "old")
    try session.execute(
      """
      BEGIN; DO $$ BEGIN FOR i IN 1..300 LOOP
        IF i % \(every) = 0 THEN EXECUTE format('LOCK TABLE t%s IN ACCESS SHARE MODE', i); END IF;
      END LOOP; END $$
      """)
    try bench.database("d", owner: "new")
    let isOver = Mutex(false)
    let isKept = Mutex(false)
    let looks = Mutex(0)
    Thread.detachNewThread { [settings = bench.server.settings] in
      // What the pass holds while it waits. A wait that holds a lock ends after a millisecond, which a busy machine may make
      // a second; the first that holds none takes five.
      let query = """
        WITH l AS MATERIALIZED (SELECT * FROM pg_locks) SELECT bool_or(true) FROM l w JOIN l h ON h.pid = w.pid
        WHERE NOT w.granted AND w.locktype = 'relation' AND h.granted AND h.mode = 'AccessExclusiveLock'
          AND h.relation > 16383 AND statement_timestamp() - w.waitstart > interval '3 s'
        """
      do {
        let connection = try Connection(settings)
        while !isOver.withLock({ $0 }) {
          if try connection.query(query).value(0, 0) == "t" { isKept.withLock { $0 = true } }
          looks.withLock { $0 += 1 }
        }
      } catch {
        Issue.record(error)
      }
      isOver.withLock { $0 = false }
    }
    let report = bench.pass()
    let waits = bench.server.log.components(separatedBy: "canceling statement due to lock timeout").count - 1
    #expect((1...10).contains(waits), "\(waits)")
    isOver.withLock { $0 = true }
    #expect(eventually { isOver.withLock { !$0 } })
    #expect(isKept.withLock { $0 } == false && looks.withLock { $0 } > 0)
    #expect(report.problems.map(\.item) == ["objects of old in d"])
    #expect(
      report.problems.first?.message.contains(
        "ALTER TABLE public.t\(every) OWNER TO new, and \(300 / every - 1) more") == true, "\(report)")
    let count = "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$' AND relowner = 'new'::regrole"
    #expect(try bench.value(count, in: "d") == "\(300 - 300 / every)")
    try session.execute("COMMIT")
    #expect(bench.pass().problems == [])
    #expect(try bench.value(count, in: "d") == "300")
  }

  @Test(arguments: PostgresInstallation.all)
  func aCopyBelongsToItsOwnOwner(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    for name in ["old", "new"] { try bench.user(name) }
    try bench.database("mould", owner: "old", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 42 AS n")])
    #expect(bench.pass().problems == [])
    bench.desired.spec.databases.append(
      Database(
        name: try PostgresName("cast"), owner: try PostgresName("new"), template: try PostgresName("mould")))
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT n FROM t", in: "cast", as: "new") == "42")
    #expect(try bench.value("SELECT n FROM t", in: "mould", as: "old") == "42")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// Databases from before version 15, as pg_upgrade and dumps leave them.
  @Test(
    arguments: PostgresInstallation.all,
    ["GRANT ALL ON SCHEMA public TO PUBLIC", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"])
  func aSchemaPublicFromBefore15BecomesItsDatabasesOwners(
    _ installation: PostgresInstallation, _ sql: String
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE DATABASE d TEMPLATE template0")
    try bench.server.connect(database: "d").execute("ALTER SCHEMA public OWNER TO postgres; \(sql)")
    for name in ["shop", "friend"] { try bench.user(name, grants: name == "friend" ? ["d": .write] : [:]) }
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("public"))])
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.sqlState("CREATE TABLE public.t (a int)", in: "d", as: "shop") == nil)
    #expect(
      try bench.sqlState("CREATE TABLE public.u (a int)", in: "d", as: "friend") == SQLState.insufficientPrivilege)
    #expect(bench.pass() == PassReport(outcome: .converged))
    // What the owner opens to everybody stays open.
    try bench.connect(to: "d", as: "shop").execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
