import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// What is told of what the server refuses: what to do, and no row of a customer's.
@Suite(.blocking) struct AdviceTests {
  /// Scripts that fail with a row in the DETAIL of the error.
  private static let rows = [
    "CREATE TABLE t (a text UNIQUE); INSERT INTO t VALUES ('hunter4711'), ('hunter4711')",
    "CREATE TABLE t (a text CHECK (a = '')); INSERT INTO t VALUES ('hunter4711')",
    "CREATE TABLE t (a text, b int NOT NULL); INSERT INTO t VALUES ('hunter4711')",
    "CREATE TABLE t (a text PRIMARY KEY); CREATE TABLE u (a text REFERENCES t); INSERT INTO u VALUES ('hunter4711')",
    "CREATE TABLE t (a text) PARTITION BY LIST (a); INSERT INTO t VALUES ('hunter4711')",
    "CREATE TABLE t (a text, EXCLUDE USING btree (a WITH =)); INSERT INTO t VALUES ('hunter4711'), ('hunter4711')",
    "CREATE DOMAIN d AS text CHECK (value = ''); CREATE TABLE t (a text); INSERT INTO t VALUES ('hunter4711');"
      + "ALTER TABLE t ADD CHECK (a = '')",
    "CREATE TABLE t (a text); INSERT INTO t VALUES ('hunter4711'), ('hunter4711'); CREATE UNIQUE INDEX ON t (a)",
    "DO $$ BEGIN RAISE 'no' USING DETAIL = 'row (hunter4711)'; END $$",
  ]

  @Test(arguments: PostgresInstallation.all)
  func noRowOfADetailIsToldInTheLogOrTheStatus(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    for (index, sql) in Self.rows.enumerated() {
      try bench.database("db\(index)", owner: "shop", scripts: [bench.script("001", sql)])
    }
    let volume = try bench.volume()
    let sidecar = try SidecarProcess(volume, port: bench.server.port, flags: ["--once"])
    #expect(sidecar.exitCode() == 1)
    let status = try #require(sidecar.status)
    #expect(status.problems.count == Self.rows.count)
    #expect(status.problems.allSatisfy { $0.sqlState != nil })
    #expect(!String(decoding: status.encoded(), as: UTF8.self).contains("hunter4711"))
    #expect(!sidecar.log.contains("hunter4711"), "\(sidecar.log)")
  }

  /// libpq would take as much memory as the message is long, and twice as much again, of the sidecar's 16 MiB.
  @Test(arguments: PostgresInstallation.all)
  func whatIsTooLongIsToldAndKeepsNothingElse(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let long = [
      "row": "SELECT repeat('hunter4711', 20000000)",
      "error": "DO $$ BEGIN RAISE '%', repeat('hunter4711', 2000000); END $$",
      "detail": "DO $$ BEGIN RAISE 'no' USING DETAIL = repeat('hunter4711', 2000000); END $$",
      "notice": "SET client_min_messages = notice; DO $$ BEGIN RAISE NOTICE '%', repeat('hunter4711', 2000000); END $$",
      "rows": "SELECT repeat('x', 900000) FROM generate_series(1, 50)",
      "short": "DO $$ BEGIN RAISE '%', repeat('x', 900000); END $$",
    ]
    for (name, sql) in long {
      try bench.database(name, owner: "shop", scripts: [bench.script("001", "SELECT 1;\n" + sql)])
    }
    // The function of an event trigger.
    try bench.database("trigger", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    try bench.server.connect().execute("CREATE DATABASE trigger TEMPLATE template0")
    try bench.server.connect(database: "trigger").execute(
      """
      CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE '%', repeat('hunter4711', 2000000); END $$;
      CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION f()
      """)
    let sidecar = try SidecarProcess(try bench.volume(), port: bench.server.port, flags: ["--once"])
    #expect(sidecar.exitCode() == 1)
    let problems = try #require(sidecar.status?.problems)
    let told = Dictionary(uniqueKeysWithValues: problems.map { ($0.item, $0) })
    for (name, what) in ["row": "a row", "error": "an error", "detail": "an error", "notice": "a notice"] {
      let problem = try #require(told["script 001 in \(name)"], "\(sidecar.log)")
      #expect(problem.message.hasPrefix("line 2, column "), "\(problem)")
      #expect(problem.message.contains(": the server sends \(what) of 200"), "\(problem)")
      #expect(problem.hint != nil)
    }
    #expect(told["schema s in trigger"]?.message.hasPrefix("the server sends an error of 20") == true, "\(problems)")
    #expect(told["script 001 in short"]?.sqlState == "P0001")
    #expect(problems.count == 6, "\(problems)")
    #expect(!sidecar.log.contains("hunter4711"))
  }

  @Test(
    arguments: PostgresInstallation.all,
    [
      "CREATE TABLE t (a int); CREATE INDEX CONCURRENTLY ON t (a)", "VACUUM", "ALTER SYSTEM SET work_mem = '5MB'",
      "DO $$ BEGIN COMMIT; END $$",
    ])
  func whatRunsInNoTransactionIsToldToSaySo(_ installation: PostgresInstallation, sql: String) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", sql)])
    let problem = try #require(bench.pass().problems.first)
    // The right to change the server is asked for first.
    guard problem.sqlState != SQLState.insufficientPrivilege else { return #expect(sql.hasPrefix("ALTER SYSTEM")) }
    let isOwn = sql.contains("COMMIT")
    #expect(problem.sqlState == (isOwn ? SQLState.invalidTransactionTermination : SQLState.activeSQLTransaction))
    #expect(problem.hint?.contains("`transaction: false`") == true)
  }

  @Test(arguments: PostgresInstallation.all)
  func aNewValueOfAnEnumIsToGoBeforeItsUse(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let type = bench.script("001", "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (now mood)")
    let sql = ["ALTER TYPE mood ADD VALUE 'ok'", "INSERT INTO t VALUES ('ok')"]
    try bench.database(
      "orders", owner: "shop", scripts: [type, bench.script("002", sql.joined(separator: "; "))])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.sqlState == SQLState.unsafeNewEnumValue)
    #expect(problem.hint?.hasPrefix("let a script of its own, before this one, add the value") == true)
    try bench.database(
      "orders", owner: "shop", scripts: [type, bench.script("002", sql[0]), bench.script("003", sql[1])])
    #expect(bench.pass().problems == [])
  }

  @Test(arguments: PostgresInstallation.all)
  func whatTheOwnerMayNotIsToldWithWhoRunsIt(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let connection = try bench.server.connect()
    let refused = [
      "users": "CREATE ROLE other", "membership": "GRANT pg_monitor TO shop",
      "setting": "SET session_replication_role = replica",
      "triggers":
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int REFERENCES t); ALTER TABLE u DISABLE TRIGGER ALL",
      "others": "ALTER TABLE others ADD COLUMN b int",
    ]
    for (name, sql) in refused {
      try bench.database(name, owner: "shop", scripts: [bench.script("001", sql)])
      try connection.execute("CREATE DATABASE \(name) TEMPLATE template0")
    }
    try bench.server.connect(database: "others").execute("CREATE TABLE others (a int)")
    let problems = bench.pass().problems.filter { $0.item.hasPrefix("script ") }
    #expect(problems.count == refused.count, "\(problems)")
    for problem in problems {
      #expect(problem.sqlState == SQLState.insufficientPrivilege, "\(problem)")
      for hint in [problem.hint, problem.told?.hint] {
        #expect(hint?.hasPrefix("scripts run as the database's owner") == true, "\(problem)")
      }
    }
  }

  /// The schema was never made, or an administrator has set a path, or taken the right to use public.
  @Test(arguments: PostgresInstallation.all)
  func aScriptWithoutASchemaIsToldToNameOne(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    let connection = try bench.server.connect()
    for name in ["absent", "path", "barred"] {
      try bench.user(name)
      let sql = "CREATE TABLE \(name == "absent" ? "a." : "")t (n int)"
      try bench.database(name, owner: name, scripts: [bench.script("001", sql)])
      try connection.execute("CREATE DATABASE \(name) TEMPLATE template0")
    }
    try connection.execute("ALTER DATABASE path SET search_path = nowhere")
    try bench.server.connect(database: "barred").execute("REVOKE ALL ON SCHEMA public FROM PUBLIC, pg_database_owner")
    let problems = bench.pass().problems.filter { $0.item.hasPrefix("script ") }
    #expect(problems.map(\.sqlState) == Array(repeating: SQLState.invalidSchemaName, count: 3))
    #expect(problems.allSatisfy { $0.hint?.hasPrefix("declare the schema, or name one") == true }, "\(problems)")
  }

  /// The pass has its first connection, and none for a database, or for the owner alone.
  @Test(arguments: PostgresInstallation.all)
  func whatHasNoConnectionLeftSaysWhichLimit(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(
      installation, configuration: ["max_connections=8", "superuser_reserved_connections=3"])
    try bench.user("shop")
    try bench.database("orders", owner: "shop", schemas: [Schema(name: try PostgresName("s"))])
    #expect(bench.pass().problems == [])
    try bench.server.connect(database: "orders").execute("DROP SCHEMA s")
    let crowd = try (0..<7).map { _ in try Session(bench.server.settings) }
    let full = try #require(bench.pass().problems.first)
    #expect(full.item == "database orders")
    #expect(full.sqlState == SQLState.tooManyConnections)
    #expect(full.hint?.contains("max_connections") == true)
    withExtendedLifetime(crowd) {}
  }

  @Test(arguments: PostgresInstallation.all)
  func anOwnerWithoutAConnectionIsToldWhichLimit(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(
      installation, configuration: ["max_connections=8", "superuser_reserved_connections=3"])
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [bench.script("001", "SELECT 1")])
    do {
      let crowd = try (0..<5).map { _ in try Session(bench.server.settings) }
      let full = try #require(bench.pass().problems.first)
      #expect(full.item == "script 001 in orders")
      #expect(full.sqlState == SQLState.tooManyConnections)
      #expect(full.hint?.contains("max_connections") == true, "\(full)")
      #expect(full.hint?.contains("connectionLimit") == false, "\(full)")
      withExtendedLifetime(crowd) {}
    }
    for limit in ["ROLE shop", "DATABASE orders"] {
      try bench.server.connect().execute("ALTER \(limit) CONNECTION LIMIT 0")
      bench.desired.spec.users[0].connectionLimit = limit == "ROLE shop" ? 0 : nil
      let problems = bench.pass().problems.filter(\.isFailure)
      let problem = try #require(problems.first)
      #expect(problem.sqlState == SQLState.tooManyConnections)
      #expect(problem.hint?.contains("connectionLimit") == true)
    }
  }

  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func anExtensionThatNeedsAnotherNamesTheOneToDeclare(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let wanted = ["earthdistance", "cube"]
    try bench.database("orders", owner: "shop", extensions: [Extension(name: try PostgresName(wanted[0]))])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.hint == "declare the extension cube in orders as well, before earthdistance")
    try bench.database(
      "orders", owner: "shop", extensions: try wanted.reversed().map { Extension(name: try PostgresName($0)) })
    #expect(bench.pass().problems == [])
  }

  /// The server's library for locales is one of several, which the cluster says and not the declaration.
  @Test(
    arguments: PostgresInstallation.built(with: .icu) + PostgresInstallation.all.filter { $0.majorVersion >= 17 })
  func whatTheDeclaredLocaleBecomesIsSaid(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    let connection = try bench.server.connect()
    let provider =
      connection.serverVersion >= 170_000
      ? "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" : "LOCALE_PROVIDER icu ICU_LOCALE 'de'"
    try connection.execute("CREATE DATABASE orders TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' \(provider)")
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    bench.desired.spec.databases[0].locale = "C"
    let sorts = connection.serverVersion >= 170_000 ? "C.UTF-8" : "de"
    for _ in 0..<2 {
      #expect(
        bench.pass().problems.map(\.message) == [
          "sorts by the locale \(sorts) of ICU or of the server itself, not by C"
        ])
    }
    bench.desired.spec.databases[0].locale = sorts
    #expect(bench.pass().problems == [])
  }
}
