import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// Scripts whose text came from a Secret: none of their words appears in Postern's reports or in the server's log.
@Suite(.blocking) struct ConfidentialScriptTests {
  private static let talkative = [
    "log_statement=all", "log_min_duration_statement=0", "log_duration=on", "log_transaction_sample_rate=1",
    "debug_print_parse=on", "log_error_verbosity=verbose",
  ]

  private func confidential(_ script: Script) -> Script {
    var script = script
    script.isConfidential = true
    return script
  }

  @Test(
    arguments: PostgresInstallation.all,
    [
      "SELECT hunter4711", "SELECT 'hunter4711'::int",
      "CREATE TABLE t (a text UNIQUE); INSERT INTO t VALUES ('hunter4711'); INSERT INTO t VALUES ('hunter4711')",
      "DO $$ BEGIN RAISE EXCEPTION 'hunter4711' USING HINT = 'hunter4711'; END $$",
      "DO $$ BEGIN RAISE WARNING 'hunter4711'; END $$; SELECT 1/0",
    ])
  func whatFailsIsToldByPlaceAndSQLSTATEAlone(_ installation: PostgresInstallation, sql: String) throws {
    let bench = try ProvisionerBench(installation, configuration: Self.talkative)
    try bench.user("shop")
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", sql))])
    let problem = try #require(bench.pass().problems.first)
    #expect(problem.message.hasPrefix("line 1, column "), "\(problem.message)")
    #expect(problem.sqlState != nil)
    let told = (bench.log + [problem.message, problem.hint ?? ""]).joined(separator: "\n")
    #expect(!told.contains("hunter4711"))
    let isLogged = bench.server.log.contains("hunter4711")
    #expect(!isLogged)
  }

  /// The server says of a session that it ends what it was doing.
  @Test(arguments: PostgresInstallation.all)
  func oneThatIsEndedIsNotToldEither(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: Self.talkative)
    try bench.user("shop")
    let sql = "DO $$ BEGIN PERFORM 'hunter4711', pg_sleep(600); END $$"
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", sql, timeout: 1))])
    #expect(bench.pass().problems.map(\.item) == ["script 001 in orders"])
    let isLogged = bench.server.log.contains("hunter4711")
    #expect(!isLogged)
  }

  /// What a sidecar of before left, which was killed.
  @Test(arguments: PostgresInstallation.all)
  func whatWasLeftWithTheValueOfBeforeIsReset(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute(
      """
      ALTER ROLE shop IN DATABASE orders SET \(StatementLogging.mark) = off;
      ALTER ROLE shop IN DATABASE orders SET log_min_messages = fatal
      """)
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", "CREATE TABLE t ()"))])
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT count(*) FROM pg_db_role_setting") == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func itRunsUnloggedAndLeavesNoSettingBehind(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation, configuration: Self.talkative)
    try bench.user("shop")
    let sql = "CREATE TABLE key (value text); INSERT INTO key VALUES ('hunter4711')"
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", sql))])
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT count(*) FROM key", in: "orders", as: "shop") == "1")
    #expect(try bench.value("SELECT count(*) FROM pg_db_role_setting") == "0")
    let log = bench.server.log
    #expect(!log.contains("hunter4711"))
    // Later statements of the owner are logged as before.
    #expect(log.contains("SELECT count(*) FROM key"))
  }

  /// Nor in what modules keep and log of statements.
  @Test(arguments: PostgresInstallation.built(with: .contrib))
  func modulesThatWatchStatementsAreOffAsWell(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(
      installation,
      configuration: [
        "shared_preload_libraries=pg_stat_statements,auto_explain", "auto_explain.log_min_duration=0",
        "auto_explain.log_nested_statements=on",
      ])
    try bench.server.connect().execute("CREATE EXTENSION pg_stat_statements")
    try bench.user("shop")
    let sql = """
      CREATE TABLE key (value text); INSERT INTO key VALUES ('hunter4711');
      COMMENT ON TABLE key IS 'hunter4711';
      DO $$ BEGIN PERFORM 'hunter4711'; END $$
      """
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", sql))])
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT count(*) FROM key", in: "orders", as: "shop") == "1")
    let kept = "SELECT count(*) FROM pg_stat_statements WHERE query "
    #expect(try bench.value(kept + "~ ('hunter47' || '11|SCRAM-SHA-256.4096')") == "0")
    #expect(try bench.value(kept + "~ 'FROM key'") == "1")
    let isLogged = bench.server.log.contains("'hunter4711'")
    #expect(!isLogged)
  }

  /// Also of modules that are not loaded here.
  @Test(arguments: PostgresInstallation.all)
  func everyParameterIsOffWhileItRuns(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    let names = StatementLogging.off.map { SQLText.literal($0.name) }.joined(separator: ",")
    let sql = "CREATE TABLE seen AS SELECT n, current_setting(n, true) AS v FROM unnest(ARRAY[\(names)]) AS n"
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", sql))])
    #expect(bench.pass().problems == [])
    let expected = StatementLogging.off.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: " ")
    let query = #"SELECT string_agg(n || '=' || v, ' ' ORDER BY n COLLATE "C") FROM seen"#
    #expect(try bench.value(query, in: "orders", as: "shop") == expected)
  }

  /// What is set for the owner in the database goes before all else. It is not Postern's to change.
  @Test(
    arguments: PostgresInstallation.all,
    [("log_statement", "all"), ("log_min_messages", "log"), ("debug_print_plan", "on"), ("log_duration", "on")])
  func whereTheAdminHasItLoggedItIsNotRun(
    _ installation: PostgresInstallation, _ setting: (name: String, value: String)
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    let admin = try bench.server.connect()
    try admin.execute("ALTER ROLE shop IN DATABASE orders SET \(setting.name) = '\(setting.value)'")
    let script = bench.script("001", "CREATE TABLE key AS SELECT 'hunter4711' AS value")
    try bench.database("orders", owner: "shop", scripts: [confidential(script)])
    let problem = try #require(bench.pass().problems.first)
    #expect(
      problem.message
        == "logging in as the owner shop: \(setting.name) is set for shop in the database orders, by which the server's log "
        + "may get words of a script that is a Secret's: it is not run")
    #expect(problem.hint?.hasPrefix(#"ALTER ROLE "shop" IN DATABASE "orders" RESET \#(setting.name); "#) == true)
    let query = "SELECT array_to_string(setconfig, ',') FROM pg_db_role_setting"
    #expect(try bench.value(query) == "\(setting.name)=\(setting.value)")
    // As the hint says.
    try admin.execute(
      "ALTER ROLE shop IN DATABASE orders RESET \(setting.name); ALTER ROLE shop SET \(setting.name) = '\(setting.value)'"
    )
    #expect(bench.pass().problems == [])
    #expect(try bench.value("SELECT value FROM key", in: "orders", as: "shop") == "hunter4711")
    #expect(try bench.value(query) == "\(setting.name)=\(setting.value)")
    let isLogged = bench.server.log.contains("hunter4711")
    #expect(!isLogged)
  }

  @Test(arguments: PostgresInstallation.all)
  func settingsOfOthersThatLogNothingStay(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().problems == [])
    try bench.server.connect().execute(
      "ALTER ROLE shop IN DATABASE orders SET log_statement = 'none'; ALTER ROLE shop IN DATABASE orders SET work_mem = '8MB'"
    )
    try bench.database("orders", owner: "shop", scripts: [confidential(bench.script("001", "SELECT 1"))])
    #expect(bench.pass().problems == [])
    let query = "SELECT array_to_string(setconfig, ',') FROM pg_db_role_setting"
    #expect(try bench.value(query) == "log_statement=none,work_mem=8MB")
  }

  /// Also where the script, or its owner, is declared no more.
  @Test(arguments: PostgresInstallation.all, [true, false])
  func whatAKilledProcessHasLeftIsReset(_ installation: PostgresInstallation, isDeclared: Bool) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("shop")
    try bench.user("other")
    try bench.database("orders", owner: "shop")
    try bench.database("books", owner: "other")
    #expect(bench.pass().problems == [])
    let admin = try bench.server.connect()
    let left = StatementLogging.begin(
      StatementLogging.off, for: try PostgresName("shop"), in: try PostgresName("orders"))
    for statement in left { try admin.execute(statement) }
    try admin.execute("ALTER ROLE shop IN DATABASE books SET log_statement = 'none'")
    // Not as it was left.
    try admin.execute("ALTER ROLE shop IN DATABASE orders SET log_duration = 'on'")
    if !isDeclared {
      try bench.database("orders", owner: "other")
      try bench.remove("shop")
    }
    #expect(bench.pass().applied.contains("reset logging name=shop database=orders"))
    let settings = "SELECT string_agg(array_to_string(setconfig, ','), ';' ORDER BY setconfig) FROM pg_db_role_setting"
    #expect(try bench.value(settings) == "log_duration=on;log_statement=none")
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
