import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct ProvisionerTests {
  @Test(arguments: PostgresInstallation.all)
  func firstPassMakesWhatIsDeclaredAndTheSecondWritesNothing(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop", connectionLimit: 7, validUntil: "2031-01-02T03:04:05+02:00", memberOf: ["pg_monitor"])
    try bench.user("analyst", grants: ["orders": .read])
    try bench.database(
      "orders", owner: "shop", schemas: [Schema(name: try PostgresName("audit"), owner: try PostgresName("analyst"))],
      scripts: [bench.script("001", "CREATE TABLE invoice (id int); INSERT INTO invoice VALUES (42)")])
    try bench.database("billing", owner: "shop")

    let first = bench.pass()
    #expect(first.outcome == .converged)
    #expect(first.problems == [])
    #expect(first.applied.contains("create role name=shop"))
    #expect(first.applied.contains("create database name=billing owner=shop"))
    #expect(try bench.value("SELECT id FROM invoice", in: "orders", as: "shop") == "42")
    #expect(try bench.value("SELECT id FROM invoice", in: "orders", as: "analyst") == "42")
    #expect(try bench.value("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'shop'") == "7")
    #expect(try bench.value("SELECT pg_has_role('shop', 'pg_monitor', 'MEMBER')") == "t")
    #expect(
      try bench.value(
        "SELECT rolvaliduntil = '2031-01-02 01:04:05Z' FROM pg_roles WHERE rolname = 'shop'") == "t")

    #expect(bench.pass().applied == [])
    let before = try bench.value("SELECT pg_current_wal_lsn()")
    let second = bench.pass()
    #expect(second == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT pg_current_wal_lsn()") == before)
    #expect(try bench.plan() == [])
  }

  @Test(arguments: PostgresInstallation.all)
  func passwordsFollowTheDeclarationAndStayOutOfTheServersLog(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(
      installation, configuration: ["log_statement=all", "log_min_duration_statement=0"])
    try bench.user("shop", password: "SCRAM-SHA-256$ looks like one")
    try bench.user("late", hasPassword: false)
    try bench.database("orders", owner: "shop")
    let first = bench.pass()
    #expect(first.outcome == .converged)
    #expect(first.problems.map(\.item) == ["user late"])
    #expect(first.problems.allSatisfy { !$0.isFailure })
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop", password: "SCRAM-SHA-256$ looks like one") == "1")

    let session = try bench.connect(to: "orders", as: "shop", password: "SCRAM-SHA-256$ looks like one")
    try bench.user("shop", password: "second'\\ pässword")
    try bench.user("late")
    #expect(
      bench.pass().applied == [
        "alter role name=shop password=changed", "alter role name=late password=changed",
      ])
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop", password: "second'\\ pässword") == "1")
    #expect(try bench.sqlState("SELECT", in: "orders", as: "shop") == SQLState.invalidPassword)
    #expect(try session.query("SELECT 1").value(0, 0) == "1")

    bench.desired.spec.passwordChange = .endSessions
    try bench.user("shop", password: "third")
    #expect(bench.pass().outcome == .converged)
    #expect(throws: PostgresError.self) { try session.execute("SELECT 1") }

    // A user whose password is no longer known is left alone.
    try bench.user("shop", hasPassword: false)
    #expect(bench.pass().applied == [])
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop", password: "third") == "1")

    // Manual changes and md5 hashes are corrected.
    try bench.user("shop", password: "third")
    try bench.server.connect().execute("SET password_encryption = 'md5'; ALTER ROLE shop PASSWORD 'third'")
    #expect(bench.pass().applied.first == "alter role name=shop password=changed")
    #expect(
      try bench.value("SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'shop'") == "t")

    for secret in ["looks like one", "pässword", "late-secret", "StoredKey"] {
      #expect(!bench.server.log.contains(secret))
    }
    // A verifier in the log could only be one that Postern has set.
    #expect(!bench.server.log.contains("PASSWORD 'SCRAM-SHA-256"))
    #expect(!bench.log.contains { $0.contains("pässword") })
  }

  @Test(arguments: PostgresInstallation.all)
  func theSuperusersPasswordFollowsItsSecret(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    bench.desired.adminPassword = try Password(bench.server.password)
    #expect(bench.pass().outcome == .converged)
    bench.desired.adminPassword = try Password("another")
    // What is mounted for a user of its name is not the superuser's.
    bench.desired.passwords[try PostgresName("postgres")] = try Password("a user's")
    #expect(bench.pass().applied == ["set password name=postgres"])
    #expect(try bench.value("SELECT 1", in: "postgres", as: "postgres", password: "another") == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func hostileNamesAreOnlyNames(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    let names = [
      "Shop", "shop", "o'brien", "a\"b", "$$; DROP", "back\\slash", "user", "{a,b}", " ", "e\u{301}", "\u{e9}",
      String(repeating: "\u{1F418}", count: 15) + "abc", "%s %I",
      String(repeating: "\u{1F418}", count: 15) + "\u{20AC}", String(repeating: "x", count: 63), "1st", "select",
      "table",
      "\"quoted\"", "$$", "$tag$", "tab\tand\nline", "-- no comment", "/* neither */", "all", "replication", "Pg_x",
      "\u{202E}rtl", "a.b", "'", "\\", "U&\"\\0041\"", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
    ]
    for name in names {
      try bench.user(name)
      try bench.user("reader of \(name)".utf8.count <= 63 ? "reader of \(name)" : "reader", grants: [name: .write])
      try bench.database(
        name, owner: name, schemas: [Schema(name: try PostgresName(name))],
        scripts: [bench.script("it's \(name)", "CREATE TABLE t AS SELECT 1 AS one")])
    }
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(report.problems == [])
    for name in names { #expect(try bench.value("SELECT one FROM t", in: name, as: name) == "1") }
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func aFailingItemStopsOnlyWhatRequiresIt(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE ROLE boss SUPERUSER")
    try bench.user("boss")
    try bench.user("shop", memberOf: ["nobody", "boss"])
    try bench.database("office", owner: "boss")
    try bench.database(
      "orders", owner: "shop", extensions: [Extension(name: try PostgresName("no such thing"))],
      scripts: [bench.script("001", "SELECT 1")])
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    #expect(
      report.problems.map(\.item) == [
        "user boss", "membership of shop in nobody", "membership of shop in boss",
        "extension no such thing in orders", "script 001 in orders",
      ])
    #expect(report.problems[3].hint?.contains("pg_available_extensions") == true)
    #expect(try bench.value("SELECT string_agg(datname, ' ') FROM pg_database WHERE datname ~ '^o'") == "orders")
    #expect(!report.applied.contains { $0.hasPrefix("run script") })
  }

  @Test(arguments: PostgresInstallation.all)
  func existingRolesAndDatabasesAreAdopted(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE ROLE shop CREATEDB CONNECTION LIMIT 3")
    try bench.server.connect().execute("CREATE DATABASE orders")
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(report.applied.contains("adopt role name=shop login=true password=changed"))
    #expect(
      try bench.value("SELECT rolcreatedb AND rolconnlimit = 3 FROM pg_roles WHERE rolname = 'shop'") == "t")
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))

    try bench.remove("shop")
    try bench.user("other")
    try bench.database("orders", owner: "other")
    #expect(bench.pass().applied.contains("leave role name=shop"))
    #expect(try bench.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop'") == "t")
  }

  @Test(arguments: PostgresInstallation.all)
  func unusableDatabasesAreReported(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("closed", owner: "shop")
    try bench.database("broken", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    try bench.server.connect().execute(
      """
      ALTER DATABASE closed ALLOW_CONNECTIONS false;
      UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'
      """)
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    #expect(report.problems.map(\.item) == ["database closed", "database broken"])
  }

  @Test(arguments: PostgresInstallation.all)
  func ownersChangeWithWhatTheyOwnThereAndNowhereElse(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("old")
    try bench.user("new")
    try bench.database("one", owner: "old", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS one")])
    try bench.database("two", owner: "old", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 1 AS one")])
    #expect(bench.pass().outcome == .converged)
    try bench.database("one", owner: "new", scripts: bench.desired.spec.databases[0].scripts)
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(report.problems == [])
    let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 't'"
    #expect(try bench.value(owner, in: "one") == "new")
    #expect(try bench.value(owner, in: "two") == "old")
    #expect(try bench.value("SELECT datdba::regrole FROM pg_database WHERE datname = 'two'") == "old")
    #expect(try bench.sqlState("SELECT", in: "one", as: "old") == SQLState.insufficientPrivilege)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatASuperuserOwnsInADatabaseThatChangesHandsIsTold(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE DATABASE orders")
    try bench.server.connect(database: "orders").execute("CREATE TABLE t (id serial); CREATE VIEW v AS SELECT 1 AS one")
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(
      report.problems.map(\.message) == [
        "postgres owns 3 tables, views or sequences in it that the database's owner, or who has grants, cannot read "
          + "(public.t_id_seq, public.t, public.v)"
      ])
    // Nothing is declared in it, so a pass does not look into it.
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test(arguments: PostgresInstallation.all)
  func whatIsSaidAtCreationIsSoAndIsNotChangedLater(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("mould", owner: "shop", scripts: [bench.script("001", "CREATE TABLE t AS SELECT 42 AS n")])
    #expect(bench.pass().problems == [])
    bench.desired.spec.databases += [
      Database(
        name: try PostgresName("latin"), owner: try PostgresName("shop"), encoding: "latin1", locale: "C",
        connectionLimit: 5),
      Database(
        name: try PostgresName("cast"), owner: try PostgresName("shop"), template: try PostgresName("mould")),
    ]
    #expect(bench.pass().problems == [])
    let query = "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' || datconnlimit FROM pg_database "
    #expect(try bench.value(query + "WHERE datname = 'latin'") == "LATIN1 C 5")
    #expect(try bench.value("SELECT n FROM t", in: "cast", as: "shop") == "42")
    #expect(bench.pass() == PassReport(outcome: .converged))

    bench.desired.spec.databases[1].connectionLimit = 6
    bench.desired.spec.databases[1].encoding = "UTF8"
    bench.desired.spec.databases[1].locale = "C.UTF-8"
    let report = bench.pass()
    #expect(report.applied == ["alter database name=latin connectionLimit=6"])
    #expect(
      report.problems.map(\.message) == ["has the encoding LATIN1, not UTF8", "has the locale C, not C.UTF-8"])
    #expect(report.outcome == .converged)
    #expect(try bench.value(query + "WHERE datname = 'latin'") == "LATIN1 C 6")
  }

  /// For a role that Postern created, a setting that is no longer declared returns to its default.
  @Test(arguments: PostgresInstallation.all)
  func limitsAndValidityCanBeTakenOutAgain(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop", connectionLimit: 3, validUntil: "2020-01-01T00:00:00Z")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("SELECT", in: "orders", as: "shop") == SQLState.invalidPassword)
    try bench.user("shop")
    #expect(bench.pass().applied == ["alter role name=shop validUntil=infinity connectionLimit=-1"])
    #expect(try bench.value("SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'shop'") == "infinity")
    #expect(try bench.value("SELECT 1", in: "orders", as: "shop") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  @Test func stoppingEndsAPassBetweenTwoSteps() throws {
    let bench = try ProvisionerBench(try PostgresInstallation.newest)
    try bench.user("shop")
    #expect(bench.stoppedPass() == PassReport(outcome: .interrupted))
    #expect(bench.pass().outcome == .converged)
  }

  @Test func aServerThatIsNotThereIsAProblemAndNoCrash() throws {
    let bench = try ProvisionerBench(try PostgresInstallation.newest)
    bench.server.halt()
    let report = bench.pass()
    #expect(report.outcome == .incomplete)
    #expect(report.problems.map(\.item) == ["server"])
  }
}
