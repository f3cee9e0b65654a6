import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// A user who has existed for years and is removed.
@Suite(.blocking) struct LeaverTests {
  /// What the user makes in each database: one object of every kind that REASSIGN OWNED and DROP OWNED treat
  /// differently.
  private static let belongings = """
    CREATE SCHEMA own;
    CREATE TABLE own.t (id int PRIMARY KEY, name text); INSERT INTO own.t VALUES (1, 'a'), (2, 'b'), (3, 'c');
    CREATE TABLE own.parted (id int) PARTITION BY RANGE (id);
    CREATE TABLE own.part PARTITION OF own.parted FOR VALUES FROM (0) TO (10); INSERT INTO own.parted VALUES (4);
    CREATE INDEX ON own.t (name);
    CREATE VIEW own.v AS SELECT * FROM own.t; CREATE MATERIALIZED VIEW own.m AS SELECT * FROM own.t;
    CREATE SEQUENCE own.s; SELECT nextval('own.s');
    CREATE TYPE own.mood AS ENUM ('sad', 'glad'); CREATE TYPE own.pair AS (a int, b int);
    CREATE DOMAIN own.positive AS int CHECK (VALUE > 0);
    CREATE FUNCTION own.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE own.p() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE own.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR own.@#@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
    CREATE COLLATION own.c FROM "C"; CREATE TEXT SEARCH CONFIGURATION own.search (COPY = simple);
    CREATE STATISTICS own.stat ON id, name FROM own.t;
    SELECT lo_from_bytea(4711, 'kept');
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO other;
    ALTER DEFAULT PRIVILEGES IN SCHEMA own GRANT EXECUTE ON FUNCTIONS TO other;
    GRANT USAGE ON SCHEMA own TO other; GRANT SELECT ON own.t TO other WITH GRANT OPTION;
    GRANT INSERT (name) ON own.t TO other;
    """

  private static let databases = ["orders", "billing", "theirs"]

  /// A server with a user to be removed, who has objects in three databases and owns none of the databases.
  private static func bench(_ installation: PostgresInstallation, _ configuration: [String] = []) throws
    -> ProvisionerBench
  {
    let bench = try ProvisionerBench(installation, configuration: configuration)
    for name in ["shop", "other"] { try bench.user(name) }
    try bench.user("group")
    try bench.user("leaver", grants: ["orders": .write, "theirs": .read], memberOf: ["group", "pg_monitor"])
    try bench.user("minion", memberOf: ["leaver"])
    try bench.database("orders", owner: "shop")
    try bench.database("billing", owner: "shop")
    try bench.database("theirs", owner: "other")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute(
      """
      GRANT CREATE, CONNECT ON DATABASE orders, billing, theirs TO leaver WITH GRANT OPTION;
      GRANT "group" TO leaver WITH ADMIN OPTION;
      CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
      GRANT USAGE ON FOREIGN SERVER elsewhere TO leaver WITH GRANT OPTION
      """)
    if installation.majorVersion >= 15 {
      try bench.server.connect().execute("GRANT SET ON PARAMETER session_preload_libraries TO leaver")
    }
    for name in databases { try bench.connect(to: name, as: "leaver").execute(belongings) }
    try bench.connect(to: "orders", as: "shop").execute(
      """
      CREATE TABLE guarded (id int); INSERT INTO guarded VALUES (7); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
      CREATE POLICY mine ON guarded TO leaver, other USING (true);
      GRANT ALL ON guarded TO leaver WITH GRANT OPTION
      """)
    try bench.connect(to: "orders", as: "leaver").execute(
      """
      GRANT SELECT ON guarded TO other; GRANT "group" TO other; GRANT CONNECT ON DATABASE orders TO other
      """)
    return bench
  }

  private static let ownersQuery = """
    SELECT string_agg(DISTINCT a.rolname, ' ' ORDER BY a.rolname) FROM (
      SELECT relowner FROM pg_class WHERE relnamespace = 'own'::regnamespace
      UNION SELECT typowner FROM pg_type WHERE typnamespace = 'own'::regnamespace
      UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'own'::regnamespace
      UNION SELECT oprowner FROM pg_operator WHERE oprnamespace = 'own'::regnamespace
      UNION SELECT collowner FROM pg_collation WHERE collnamespace = 'own'::regnamespace
      UNION SELECT cfgowner FROM pg_ts_config WHERE cfgnamespace = 'own'::regnamespace
      UNION SELECT stxowner FROM pg_statistic_ext WHERE stxnamespace = 'own'::regnamespace
      UNION SELECT nspowner FROM pg_namespace WHERE nspname = 'own'
      UNION SELECT lomowner FROM pg_largeobject_metadata
    ) o(id) LEFT JOIN pg_authid a ON a.oid = o.id
    """

  private func expectGone(_ bench: ProvisionerBench) throws {
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")
    #expect(try bench.value("SELECT count(*) FROM postern.managed_role WHERE name = 'leaver'") == "0")
    for (name, owner) in [("orders", "shop"), ("billing", "shop"), ("theirs", "other")] {
      #expect(try bench.value(Self.ownersQuery, in: name) == owner)
      #expect(try bench.value("SELECT string_agg(name, '' ORDER BY id) FROM own.t", in: name, as: owner) == "abc")
      #expect(try bench.value("SELECT id FROM own.parted", in: name, as: owner) == "4")
      #expect(try bench.value("SELECT nextval('own.s')", in: name, as: owner) == "2")
      #expect(try bench.value("SELECT convert_from(lo_get(4711), 'UTF8')", in: name, as: owner) == "kept")
      // Rights that the user gave to others on its objects remain.
      #expect(try bench.value("SELECT has_table_privilege('other', 'own.t', 'SELECT')", in: name) == "t")
    }
    #expect(try bench.value("SELECT id FROM guarded", in: "orders", as: "shop") == "7")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all, [true, false])
  func aUserWithBelongingsEverywhereIsGoneAfterOnePass(_ installation: PostgresInstallation, _ isAbsent: Bool) throws {
    let bench = try Self.bench(installation)
    let open = try bench.connect(to: "orders", as: "leaver")
    // The user is in a transaction that holds locks on the objects whose owner must change.
    try open.execute("BEGIN; UPDATE own.t SET name = 'lost' WHERE id = 1")
    bench.desired.spec.removedUsers = .drop
    if isAbsent { try bench.user("leaver", ensure: .absent) } else { try bench.remove("leaver") }
    try bench.user("minion")
    let report = bench.pass()
    #expect(report.problems == [])
    #expect(report.outcome == .converged)
    #expect(throws: PostgresError.self) { try open.execute("SELECT 1") }
    try expectGone(bench)
  }

  @Test(arguments: PostgresInstallation.all)
  func whatBlocksADropIsNamedAndTheRestIsDoneOnceItIsGone(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, ["max_prepared_transactions=5", "wal_level=logical"])
    try bench.connect(to: "orders", as: "leaver").execute(
      "BEGIN; INSERT INTO own.t VALUES (9, 'prepared'); PREPARE TRANSACTION 'half''done'")
    try bench.server.connect(database: "billing").execute(
      """
      CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
      ALTER ROLE leaver SUPERUSER; ALTER SUBSCRIPTION feed OWNER TO leaver; ALTER ROLE leaver NOSUPERUSER
      """)
    try bench.server.connect().execute("ALTER DATABASE theirs ALLOW_CONNECTIONS false")
    bench.desired.spec.databases.removeAll { $0.name.text == "theirs" }
    try bench.user("leaver", ensure: .absent)
    try bench.user("minion")
    let blocked = bench.pass()
    #expect(blocked.outcome == .incomplete)
    let problem = try #require(blocked.problems.first)
    #expect(blocked.problems.count == 1)
    #expect(problem.item == "user leaver")
    for part in [
      "is locked but cannot be dropped", "the prepared transaction half'done in the database orders",
      "the subscription feed in the database billing", "the database theirs, which allows no connection",
    ] {
      #expect(problem.message.contains(part), "\(problem.message)")
    }
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver'") == "f")
    #expect(try bench.value("SELECT count(*) FROM own.t", in: "billing") == "3")

    try bench.server.connect(database: "orders").execute("ROLLBACK PREPARED 'half''done'")
    #expect(bench.pass().problems.first?.message.contains("prepared") == false)
    try bench.server.connect(database: "billing").execute("ALTER SUBSCRIPTION feed OWNER TO postgres")
    #expect(bench.pass().problems.first?.message.contains("subscription") == false)
    try bench.server.connect().execute("ALTER DATABASE theirs ALLOW_CONNECTIONS true")
    let last = bench.pass()
    #expect(last.problems == [])
    #expect(last.outcome == .converged)
    try expectGone(bench)
  }

  /// The server starts the worker of a subscription only where its owner may log in.
  @Test(arguments: PostgresInstallation.all)
  func theSubscriptionOfAUserThatIsLockedIsTold(_ installation: PostgresInstallation) throws {
    let bench = try Self.bench(installation, ["wal_level=logical"])
    try bench.server.connect(database: "billing").execute(
      """
      CREATE SUBSCRIPTION "Feed" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
      ALTER ROLE leaver SUPERUSER; ALTER SUBSCRIPTION "Feed" OWNER TO leaver; ALTER ROLE leaver NOSUPERUSER
      """)
    for name in ["orders", "billing", "theirs"] {
      bench.desired.spec.databases.removeAll { $0.name.text == name && $0.owner.text == "leaver" }
    }
    try bench.remove("leaver")
    for _ in 1...2 {
      let report = bench.pass()
      let problem = try #require(report.problems.first { $0.item == "user leaver" }, "\(report)")
      #expect(!problem.isFailure)
      #expect(
        problem.message
          == "leaver, which is locked, owns the subscription Feed in the database billing: it does not start again while leaver "
          + "may not log in, and its publisher keeps all that it does not fetch")
      #expect(problem.hint?.contains(#"ALTER SUBSCRIPTION "Feed" OWNER TO a role"#) == true)
    }
    try bench.server.connect(database: "billing").execute(#"ALTER SUBSCRIPTION "Feed" OWNER TO postgres"#)
    #expect(!bench.pass().problems.contains { $0.item == "user leaver" })
  }

  /// Such as a user whom an administrator made a superuser for a while.
  @Test(arguments: PostgresInstallation.all)
  func whatOnlyASuperuserMayOwnIsToldAsThat(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("leaver")
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE FOREIGN DATA WRAPPER w; ALTER ROLE leaver SUPERUSER; ALTER FOREIGN DATA WRAPPER w OWNER TO leaver;
      CREATE TABLE t (n int); ALTER TABLE t OWNER TO leaver; ALTER ROLE leaver NOSUPERUSER
      """)
    try bench.user("leaver", ensure: .absent)
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.message.contains("permission denied to change owner of foreign-data wrapper \"w\""), "\(problem)")
    #expect(problem.hint == "The owner of a foreign-data wrapper must be a superuser.")
    #expect(try bench.value("SELECT relowner::regrole FROM pg_class WHERE relname = 't'", in: "d") == "shop")
    try bench.server.connect(database: "d").execute("ALTER FOREIGN DATA WRAPPER w OWNER TO postgres")
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'leaver'") == "0")
  }
}
