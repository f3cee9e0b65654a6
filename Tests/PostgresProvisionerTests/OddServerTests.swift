import Contract
import DatabaseSpec
import FoundationEssentials
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Servers on which an administrator has done what is legitimate and unusual.
@Suite(.blocking) struct OddServerTests {
  private func bench(_ installation: PostgresInstallation) throws -> ProvisionerBench {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("app", grants: ["d": .write])
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 1 AS n")])
    return bench
  }

  @Test(arguments: PostgresInstallation.all)
  func anOwnerWithoutTheRightToConnectGetsItBack(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("REVOKE ALL ON DATABASE d FROM shop")
    #expect(bench.pass().applied == ["grant connect name=shop database=d"])
    #expect(try bench.value("SELECT n FROM t", in: "d", as: "shop") == "1")
    // What else an owner may do is the administrator's to say.
    #expect(try bench.value("SELECT has_database_privilege('shop', 'd', 'CREATE')") == "f")
    #expect(bench.pass() == PassReport(outcome: .converged))
    // An owner that has just become one.
    try bench.server.connect().execute("REVOKE ALL ON DATABASE d FROM shop")
    try bench.user("heir")
    try bench.database("d", owner: "heir", scripts: bench.desired.spec.databases[0].scripts)
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT n FROM t", in: "d", as: "heir") == "1")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// What is not declared stays as it is, and nobody could tell why a login fails.
  @Test(arguments: PostgresInstallation.all)
  func whatIsAdoptedAndLetsNobodyInIsToldOf(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute(
      "CREATE ROLE shop VALID UNTIL '2001-01-01'; CREATE ROLE app CONNECTION LIMIT 0")
    try bench.server.connect().execute("CREATE DATABASE d CONNECTION LIMIT 0")
    bench.desired.spec.databases[0].scripts = []
    let told = [
      "user shop: has a password that was good until 2001-01-01T00:00:00Z only, as this role was found",
      "user app: may have no session: its connection limit is 0, as this role was found",
      "database d: takes nobody but superusers: its connection limit is 0, as it was found",
    ]
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map { "\($0.item): \($0.message)" } == told)
      #expect(report.problems.allSatisfy { $0.hint?.hasPrefix("declare ") == true })
    }
    bench.desired.spec.users[0].validUntil = .infinity
    bench.desired.spec.users[1].connectionLimit = 5
    bench.desired.spec.databases[0].connectionLimit = 5
    #expect(bench.pass().problems == [])
    #expect(try bench.sqlState("SELECT", in: "d", as: "app") == nil)
    // What is declared is meant.
    bench.desired.spec.users[1].connectionLimit = 0
    #expect(bench.pass().problems == [])
  }

  /// Nothing is done by half a record, and what to do is told.
  @Test(
    arguments: PostgresInstallation.all,
    [
      ("postgres", "DROP TABLE postern.managed_grant", "server"),
      ("postgres", "ALTER TABLE postern.managed_role DROP COLUMN made", "server"),
      ("d", "ALTER TABLE postern.script RENAME TO gone", "database d"),
    ])
  func recordsThatAreNotWholeAreToldOf(
    _ installation: PostgresInstallation, _ change: (database: String, sql: String, item: String)
  ) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: change.database).execute(change.sql)
    try bench.remove("app")
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.item == change.item)
    #expect(problem.hint?.hasPrefix("the schema postern in \(change.database) is not as Postern made it") == true)
    guard change.database == "postgres" else { return }
    #expect(try bench.sqlState("SELECT", in: "d", as: "app") == nil)
    // As the hint says. What was made counts as found.
    try bench.server.connect().execute("ALTER SCHEMA postern RENAME TO postern_old")
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.value("SELECT n FROM t", in: "d", as: "shop") == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func anEventTriggerThatRefusesIsToldAsOne(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("CREATE DATABASE d")
    try bench.server.connect(database: "d").execute(
      """
      CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no DDL'; END $$;
      CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()
      """)
    let problems = bench.pass().problems
    // It runs for what Postern does for others, and for scripts; not for Postern's records.
    #expect(Set(problems.map(\.item)) == ["grant to app on d", "script 1 in d"])
    for problem in problems where problem.item != "script 1 in d" {
      #expect(problem.message == "no DDL")
      #expect(problem.hint?.contains("an event trigger's") == true)
      #expect(problem.told?.hint?.contains("an event trigger's") == true)
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func aServerWithoutItsDatabasePostgresSaysWhatToDo(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute("ALTER DATABASE postgres RENAME TO other")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("keeps its records in the database postgres") == true })
    try bench.server.connect(database: "d").execute("ALTER DATABASE other RENAME TO postgres")
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }

  /// From PostgreSQL 17 on. What runs at a login may be meant for users, or be wrong; other event triggers run.
  @Test(
    arguments: PostgresInstallation.all.filter { $0.majorVersion >= 17 },
    [
      "INSERT INTO logins VALUES (session_user)",
      "SET LOCAL lock_timeout = '10ms'; INSERT INTO public.locked VALUES (session_user)",
    ]
      + ["42501", "28000", "28P01", "3D000", "53300", "55000", "55P03", "57014", "57P01", "57P03", "P0001"].map {
        "RAISE 'nobody at night' USING ERRCODE = '\($0)'"
      })
  func whatRunsAtALoginKeepsPosternNeitherOutNorUnseen(
    _ installation: PostgresInstallation, action: String
  ) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    for database in ["postgres", "d"] {
      try bench.server.connect(database: database).execute(
        """
        CREATE TABLE public.logins (name text); CREATE TABLE public.locked (name text); CREATE TABLE public.commands (tag text);
        CREATE FUNCTION public.enter() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \(action); END $$;
        CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql
          AS $$ BEGIN INSERT INTO public.commands VALUES (tg_tag); END $$;
        CREATE EVENT TRIGGER c ON ddl_command_end EXECUTE FUNCTION public.note();
        CREATE EVENT TRIGGER l ON login EXECUTE FUNCTION public.enter(); ALTER EVENT TRIGGER l ENABLE ALWAYS
        """)
    }
    var holder = bench.server.settings
    holder.runtimeOptions = [.init("event_triggers", "off")]
    let inPostgres = try Connection(holder)
    try inPostgres.execute("BEGIN; LOCK TABLE public.locked")
    holder.database = "d"
    let inD = try Connection(holder)
    try inD.execute("BEGIN; LOCK TABLE public.locked")
    try bench.database("d", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    #expect(bench.pass().problems.filter { $0.isFailure } == [])
    var settings = bench.server.settings
    settings.runtimeOptions = [.init("event_triggers", "off")]
    settings.database = "d"
    #expect(
      try Connection(settings).query("SELECT count(*) FROM public.commands WHERE tag = 'CREATE SCHEMA'").value(0, 0)
        == "1")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }

  /// From PostgreSQL 17 on. Its words may quote anything, and are in the log alone.
  @Test(arguments: PostgresInstallation.all.filter { $0.majorVersion >= 17 }, ["28000", "53300", "57P03", "22000"])
  func theWordsOfWhatKeepsAScriptsOwnerOutAreNotTold(_ installation: PostgresInstallation, sqlState: String) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "d").execute(
      """
      CREATE FUNCTION public.enter() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'card 4711 of %', session_user USING ERRCODE = '\(sqlState)', HINT = 'hint 4711', DETAIL = 'detail 4711';
        END $$;
      CREATE EVENT TRIGGER l ON login EXECUTE FUNCTION public.enter()
      """)
    try bench.database(
      "d", owner: "shop", scripts: bench.desired.spec.databases[0].scripts + [bench.script("2", "SELECT 1")])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.sqlState == sqlState)
    #expect(problem.message.contains("card 4711"))
    let told = try #require(problem.told)
    #expect(!told.message.contains("4711") && told.hint?.contains("4711") == false, "\(told)")
    #expect(told.hint?.contains("event trigger's function, must let it in") == true)
  }

  /// Some give what anybody makes to a role of theirs.
  @Test(arguments: PostgresInstallation.all)
  func anEventTriggerThatGivesAwayWhatIsMadeGetsNoRecords(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("CREATE ROLE shop")
    try bench.server.connect().execute("CREATE DATABASE d")
    for database in ["postgres", "d"] {
      try bench.server.connect(database: database).execute(
        """
        CREATE FUNCTION give() RETURNS event_trigger LANGUAGE plpgsql AS $$
          DECLARE made record;
          BEGIN
            FOR made IN SELECT object_type, object_identity FROM pg_event_trigger_ddl_commands()
              WHERE object_type IN ('schema', 'table', 'function') LOOP
              EXECUTE format('ALTER %s %s OWNER TO shop', made.object_type, made.object_identity);
            END LOOP;
          END $$;
        CREATE EVENT TRIGGER e ON ddl_command_end
          WHEN TAG IN ('CREATE SCHEMA', 'CREATE TABLE', 'CREATE FUNCTION') EXECUTE FUNCTION give()
        """)
    }
    #expect(bench.pass().problems == [])
    #expect(bench.pass() == PassReport(outcome: .converged))
    let owners = "SELECT string_agg(DISTINCT relowner::regrole::text, '') FROM pg_class WHERE oid = "
    #expect(try bench.value(owners + "'postern.managed_role'::regclass") == "postgres")
    #expect(try bench.value(owners + "'postern.script'::regclass", in: "d") == "postgres")
    // It is for all others.
    try bench.server.connect(database: "d").execute("CREATE TABLE others (n int)")
    #expect(try bench.value(owners + "'others'::regclass", in: "d") == "shop")
  }

  /// In the image of Supabase, `postgres` is no superuser.
  @Test(arguments: PostgresInstallation.all)
  func aLoginThatIsNoSuperusersIsToldWhatToDo(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    try server.connect().execute("CREATE ROLE plain LOGIN CREATEROLE CREATEDB PASSWORD 'sesame'")
    let volume = try SidecarVolume()
    try volume.swap(
      SidecarVolume.spec(), passwords: ["shop": "sesame"], adminPassword: "sesame",
      others: [VolumeLayout.adminUsernameFile: "plain"])
    let sidecar = try SidecarProcess(volume, port: server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("plain is no superuser of this server") == true })
  }

  @Test(arguments: PostgresInstallation.all)
  func whereItsDatabasePostgresTakesNoConnectionsItIsToldWhatToDo(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
    try bench.server.connect(database: "d").execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
    let other = try SidecarProcess(sidecar.volume, port: bench.server.port)
    #expect(other.waitForStatus { $0.message?.hasSuffix("ALTER DATABASE postgres ALLOW_CONNECTIONS true") == true })
    try bench.server.connect(database: "d").execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true")
    #expect(other.waitForStatus(\.isReady), "\(other.log)")
  }

  /// As after a change of the image.
  @Test(arguments: PostgresInstallation.all)
  func aLibraryThatNoLoginFindsIsToldWithWhatToDo(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("ALTER DATABASE d SET session_preload_libraries = 'gone'")
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.item == "database d" && problem.message.contains("\"gone\""), "\(problem)")
    #expect(problem.hint?.contains("RESET session_preload_libraries") == true)
    try bench.server.connect().execute("ALTER SYSTEM SET session_preload_libraries = 'gone'")
    try bench.server.connect().execute("SELECT pg_reload_conf()")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains("RESET session_preload_libraries") == true }, "\(sidecar.log)")
    // The way in that the hint names.
    var settings = bench.server.settings
    settings.runtimeOptions = [.init("session_preload_libraries", "")]
    try Connection(settings).execute("ALTER SYSTEM RESET session_preload_libraries")
    try Connection(settings).execute("ALTER DATABASE d RESET session_preload_libraries")
    try Connection(settings).execute("SELECT pg_reload_conf()")
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }

  /// CREATE INDEX CONCURRENTLY leaves an index that is not valid where it fails, and passes over it the next time.
  @Test(arguments: PostgresInstallation.all)
  func anIndexThatIsNotValidIsTold(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    #expect(bench.pass().problems == [])
    let writer = try bench.server.connect(database: "d")
    try writer.execute("BEGIN; INSERT INTO t VALUES (2)")
    let sql = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (n)"
    bench.desired.spec.databases[0].scripts.append(bench.script("2", sql, transaction: false))
    let failed = bench.pass().problems.filter { $0.isFailure }
    #expect(failed.map(\.item) == ["script 2 in d"])
    #expect(failed.first?.sqlState == SQLState.lockNotAvailable)
    #expect(failed.first?.hint?.contains("SET lock_timeout") == true)
    try writer.execute("COMMIT")
    for _ in 1...2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map(\.item) == ["database d"])
      #expect(report.problems.first?.message.hasPrefix("shop has 1 indexes in it that are not valid") == true)
      #expect(report.problems.first?.message.hasSuffix("(public.i)") == true)
    }
    try bench.server.connect(database: "d").execute("REINDEX INDEX CONCURRENTLY i")
    #expect(bench.pass() == PassReport(outcome: .converged))
    // Such an index waits for those of the partitions.
    try bench.server.connect(database: "d").execute(
      """
      CREATE TABLE p (n int) PARTITION BY LIST (n); CREATE TABLE p1 PARTITION OF p DEFAULT;
      ALTER TABLE p OWNER TO shop; ALTER TABLE p1 OWNER TO shop; CREATE INDEX ON ONLY p (n)
      """)
    #expect(bench.pass().problems == [])
  }

  /// No session shows it, and it stays when the server is restarted.
  @Test(arguments: PostgresInstallation.all)
  func aPreparedTransactionThatIsInTheWayIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: ["max_prepared_transactions=3"])
    try bench.user("shop")
    let sql = "CREATE TABLE t AS SELECT 1 AS n; CREATE TABLE u ()"
    try bench.database("d", owner: "shop", scripts: [bench.script("1", sql)])
    #expect(bench.pass().problems == [])
    let owner = try bench.connect(to: "d", as: "shop")
    try owner.execute("BEGIN; LOCK TABLE u; PREPARE TRANSACTION 'no such'")
    try owner.execute("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'half''done'")
    for isRestarted in [false, true] {
      if isRestarted { try bench.server.restart() }
      let before = bench.desired
      bench.desired.spec.databases[0].scripts.append(bench.script("2", "ALTER TABLE t ADD m int"))
      let problem = try #require(bench.pass().problems.first)
      let start = "prepared transaction 'half''done' of user shop in d (since 2"
      #expect(problem.message.contains("lock is held by \(start)"), "\(problem)")
      #expect(!problem.message.contains("no such") && !problem.message.contains("pid 0"), "\(problem)")
      bench.desired = before
      bench.desired.spec.databases[0].name = try PostgresName("e")
      bench.desired.spec.databases[0].renamedFrom = try PostgresName("d")
      let used = try #require(bench.pass().problems.first { $0.item == "database e" })
      #expect(used.message.contains("connected to d: ") && used.message.contains(start), "\(used)")
      bench.desired = before
    }
  }

  /// With what the hint says, a subscriber copies and follows.
  @Test(arguments: PostgresInstallation.all)
  func aPublicationOfAllTablesIsToldToPublishTheRecordOfScripts(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: ["wal_level=logical"])
    try bench.user("shop")
    try bench.database("d", owner: "shop", scripts: [bench.script("1", "CREATE TABLE t AS SELECT 1 AS n")])
    #expect(bench.pass().problems == [])
    let source = try bench.server.connect(database: "d")
    try source.execute("CREATE PUBLICATION narrow FOR TABLES IN SCHEMA public")
    #expect(bench.pass().problems == [])
    try source.execute("CREATE PUBLICATION p FOR ALL TABLES; CREATE PUBLICATION q FOR ALL TABLES")
    for _ in 1...2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map(\.item) == ["database d"])
      #expect(report.problems.first?.message.hasPrefix("its publication p and 1 more, FOR ALL TABLES, ") == true)
    }
    let from = "host=\(bench.server.folder.path) port=\(bench.server.port) user=postgres dbname=d"
    let copied = "SELECT string_agg(name, ' ') FROM postern.script"
    let other = try PostgresServer(installation)
    let subscriber = try other.connect()
    try subscriber.execute(
      """
      CREATE TABLE t (n int); CREATE SCHEMA postern;
      CREATE TABLE postern.script (name text PRIMARY KEY, sha256 text, applied_at timestamptz)
      """)
    try subscriber.execute("CREATE SUBSCRIPTION one CONNECTION '\(from)' PUBLICATION p")
    #expect(try eventually { try subscriber.query(copied).value(0, 0) == "1" })
    bench.desired.spec.databases[0].scripts.append(bench.script("2", "INSERT INTO t VALUES (2)"))
    #expect(bench.pass().outcome == .converged)
    #expect(try eventually { try subscriber.query(copied).value(0, 0) == "1 2" })
    try other.connect().execute("DROP SUBSCRIPTION one")
  }

  /// Where all is in the database `postgres`, it is what is published, with Postern's records. What happens in them can
  /// be published: each has a primary key.
  @Test(arguments: PostgresInstallation.all)
  func aPublicationOfAllTablesBesideTheRecordsIsToldOfToo(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: ["wal_level=logical"])
    try bench.user("shop")
    try bench.user("app", grants: ["d": .write])
    try bench.database("d", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute("CREATE PUBLICATION p FOR ALL TABLES")
    bench.desired.spec.removedUsers = .drop
    try bench.remove("app")
    for _ in 1...2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map(\.item) == ["server"])
      #expect(
        report.problems.first?.message.hasPrefix("the database postgres's publication p, FOR ALL TABLES, ") == true)
    }
    #expect(try bench.value("SELECT string_agg(name, ' ') FROM postern.managed_role") == "shop")
  }

  @Test(arguments: PostgresInstallation.all)
  func whoIsConnectedToTheEmptyTemplateIsNamed(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    try bench.server.connect().execute("ALTER DATABASE template0 ALLOW_CONNECTIONS true")
    let session = try bench.server.connect(database: "template0")
    let problem = try #require(bench.pass().problems.first { $0.item == "database d" })
    #expect(problem.message.contains("pid \(session.serverProcess) of user postgres"), "\(problem)")
    #expect(problem.hint?.contains("it is copied when nobody is connected to template0") == true)
  }

  /// Such as a monitoring tool's.
  @Test(arguments: PostgresInstallation.all)
  func whoCameInByTheRightOfEverybodyAloneIsTold(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    let connection = try bench.server.connect()
    try connection.execute("CREATE DATABASE d")
    try connection.execute(
      """
      CREATE ROLE watch LOGIN; CREATE ROLE known LOGIN; CREATE ROLE grp; CREATE ROLE member LOGIN IN ROLE grp;
      CREATE ROLE boss LOGIN SUPERUSER; CREATE ROLE nobodys; CREATE ROLE app LOGIN;
      GRANT CONNECT ON DATABASE d TO known, grp; GRANT CONNECT ON DATABASE postgres TO known
      """)
    let report = bench.pass()
    #expect(report.outcome == .converged)
    #expect(
      report.problems.map { "\($0.item): \($0.message)" } == [
        "database postgres: member, watch can connect to it no more: what everybody may is taken back",
        "database d: watch can connect to it no more: what everybody may is taken back",
      ])
    #expect(bench.pass() == PassReport(outcome: .converged))
  }

  /// It is not said to listen elsewhere.
  @Test(arguments: PostgresInstallation.all)
  func aServerThatAnswersNoLoginIsToldAsThat(_ installation: PostgresInstallation) throws {
    let bench = try bench(installation)
    let holder = try bench.server.connect()
    try holder.execute("BEGIN; LOCK TABLE pg_authid")
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port)
    #expect(sidecar.waitForStatus { $0.message?.contains(": it listens, and answers nobody") == true })
    try holder.execute("COMMIT")
    #expect(sidecar.waitForStatus(\.isReady), "\(sidecar.log)")
  }

  /// As `initdb --locale-provider` makes one. `locale` then sets what messages, numbers and dates go by.
  @Test(
    arguments: PostgresInstallation.built(with: .icu).map { ($0, "icu ICU_LOCALE 'und'", "und") }
      + PostgresInstallation.all.filter { $0.majorVersion >= 17 }
      .map { ($0, "builtin BUILTIN_LOCALE 'C.UTF-8'", "C.UTF-8") })
  func aDatabaseIsMadeWithALocaleWhereTheServerSortsByAnother(
    _ installation: PostgresInstallation, provider: String, locale: String
  ) throws {
    let bench = try bench(installation)
    for sql in [
      "CREATE DATABASE t0 TEMPLATE template0 LOCALE_PROVIDER \(provider)",
      "ALTER DATABASE template0 IS_TEMPLATE false", "ALTER DATABASE template0 RENAME TO first",
      "ALTER DATABASE t0 RENAME TO template0", "ALTER DATABASE template0 IS_TEMPLATE true",
    ] { try bench.server.connect().execute(sql) }
    bench.desired.spec.databases[0].locale = "POSIX"
    let told = ["sorts by the locale \(locale) of ICU or of the server itself, not by POSIX"]
    for _ in 0..<2 {
      let report = bench.pass()
      #expect(report.outcome == .converged)
      #expect(report.problems.map(\.message) == told)
    }
    #expect(try bench.value("SELECT datctype IN ('POSIX', 'C') FROM pg_database WHERE datname = 'd'") == "t")
    bench.desired.spec.databases.append(
      Database(name: try PostgresName("e"), owner: try PostgresName("shop"), locale: "C.UTF-8"))
    #expect(bench.pass().problems.filter { $0.item == "database e" }.count == (locale == "C.UTF-8" ? 0 : 1))
  }
}
