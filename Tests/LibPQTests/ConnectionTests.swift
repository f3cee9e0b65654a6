import LibPQ
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct ConnectionTests {
  @Test(arguments: PostgresInstallation.all)
  func saysTheServersVersion(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    #expect(connection.serverVersion / 10000 == installation.majorVersion)
  }

  @Test(arguments: PostgresInstallation.all)
  func givesRowsAsTextNULLAsNilAndNilOutside(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    let sql = "SELECT n, $1::text AS \"Täxt\", NULL::int AS none FROM generate_series(1, 3) AS n"
    let result = try connection.query(sql, ["ä\n'\"\\"])
    #expect(result.rowCount == 3)
    #expect(result.columnCount == 3)
    #expect((0..<3).map { result.value($0, 0) } == ["1", "2", "3"])
    #expect(result.value(2, 1) == "ä\n'\"\\")
    #expect(result.value(0, 2) == nil)
    #expect(result.value(3, 0) == nil)
    #expect(result.value(0, 3) == nil)
    #expect(result.value(-1, 0) == nil)
    #expect(result.columnName(1) == "Täxt")
  }

  @Test(arguments: PostgresInstallation.all)
  func tellsAnEmptyTextFromNULL(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    let result = try connection.query("SELECT $1::text, $2::text", ["", nil])
    #expect(result.value(0, 0) == "")
    #expect(result.value(0, 1) == nil)
  }

  @Test(arguments: PostgresInstallation.all)
  func runsAStringOfSeveralStatementsAllOrNone(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.execute("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2)")
    #expect(throws: PostgresError.self) { try connection.execute("INSERT INTO t VALUES (3); SELECT 1 / 0") }
    #expect(try connection.query("SELECT count(*) FROM t").value(0, 0) == "2")
  }

  @Test(arguments: PostgresInstallation.all)
  func anErrorCarriesWhatTheServerSays(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    let error = try #require(throws: PostgresError.self) {
      try connection.query("SELECT 'ä' AS a, nothing FROM pg_class")
    }
    #expect(error.kind == .server)
    #expect(error.sqlState == "42703")
    #expect(error.message == "column \"nothing\" does not exist")
    #expect(error.position == 18)
    #expect(error.description == "column \"nothing\" does not exist [42703]")
    let inner = try #require(throws: PostgresError.self) {
      try connection.execute("DO $$BEGIN RAISE 'no' USING DETAIL = 'why', HINT = 'how', ERRCODE = '23505'; END$$")
    }
    #expect(inner.isServer(SQLState.duplicateObject, SQLState.uniqueViolation))
    #expect(inner.detail == "why")
    #expect(inner.hint == "how")
    #expect(inner.context?.contains("RAISE") == true)
  }

  @Test(arguments: PostgresInstallation.all)
  func aRefusedLoginCarriesItsSQLSTATEAndNoPassword(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer.shared(installation)
    let cases = [
      (server.settings(user: "postgres", password: "sesame-4711"), SQLState.invalidPassword),
      (server.settings(user: "nobody here", password: "sesame-4711"), SQLState.invalidPassword),
      (server.settings(database: "nowhere"), SQLState.invalidCatalogName),
    ]
    for (settings, state) in cases {
      let error = try #require(throws: PostgresError.self) { _ = try Connection(settings) }
      #expect(error.kind == .connection)
      #expect(error.sqlState == state)
      #expect(!error.description.contains("sesame-4711"))
      #expect(!error.description.contains("LOCATION"))
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func aLoginWithoutThePasswordThatIsAskedForIsRefused(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer.shared(installation)
    let error = try #require(throws: PostgresError.self) { _ = try Connection(server.settings(user: "postgres")) }
    #expect(error.kind == .connection)
    #expect(error.message.contains("no password supplied"))
  }

  @Test func aServerThatIsNotThereIsAConnectionError() throws {
    let error = try #require(throws: PostgresError.self) {
      _ = try Connection(ConnectionSettings(port: 1, user: "postgres"))
    }
    #expect(error.kind == .connection)
    #expect(error.sqlState == nil)
    #expect(error.message.contains("Connection refused"))
  }

  @Test(arguments: PostgresInstallation.all)
  func runTimeOptionsHoldFromTheStartBlanksAndBackslashesToo(_ installation: PostgresInstallation) throws {
    var settings = try PostgresServer.shared(installation).settings
    settings.runtimeOptions = [
      .init("search_path", "pg_catalog, pg_temp"), .init("synchronous_commit", "local"), .init("app.odd", #"a \ 'b'"#),
    ]
    let connection = try Connection(settings)
    for option in settings.runtimeOptions {
      #expect(try connection.query("SHOW \(option.name)").value(0, 0) == option.value)
    }
    #expect(try connection.query("SHOW application_name").value(0, 0) == "tests")
  }

  @Test(arguments: PostgresInstallation.all)
  func aNULIsRefusedBeforeAnythingIsSent(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    for call in [("SELECT $1::text", "a\0b"), ("SELECT 'a\0b' || $1", "")] {
      let error = try #require(throws: PostgresError.self) { try connection.query(call.0, [call.1]) }
      #expect(error.kind == .protocol)
    }
    #expect(try connection.query("SELECT 1").value(0, 0) == "1")
  }

  @Test(arguments: PostgresInstallation.all)
  func aCOPYWithThisClientEndsAsAnErrorAndTheConnectionLivesOn(
    _ installation: PostgresInstallation
  ) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.execute("CREATE TEMP TABLE t AS SELECT generate_series(1, 10000) AS a")
    for sql in ["COPY t FROM STDIN", "COPY t TO STDOUT", "SELECT 1; COPY t FROM STDIN; SELECT 2"] {
      let error = try #require(throws: PostgresError.self) { try connection.execute(sql) }
      #expect(error.kind == .protocol)
      #expect(error.hint != nil)
      #expect(try connection.query("SELECT count(*) FROM t").value(0, 0) == "10000")
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func aSessionThatTheServerEndsIsAConnectionError(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer.shared(installation)
    let connection = try server.connect()
    let victim = try server.connect()
    let backend = try victim.query("SELECT pg_backend_pid()").value(0, 0)
    _ = try connection.query("SELECT pg_terminate_backend($1, 10000)", [backend])
    let error = try #require(throws: PostgresError.self) { try victim.query("SELECT 1") }
    #expect(error.sqlState == SQLState.adminShutdown || error.kind == .connection)
    let broken = (victim.isBroken, connection.isBroken)
    #expect(broken == (true, false))
  }

  @Test func settingsPrintWithoutTheirPassword() {
    let settings = ConnectionSettings(user: "shop", password: "sesame-4711")
    var dumped = ""
    dump(settings, to: &dumped)
    for text in ["\(settings)", String(reflecting: settings), dumped] { #expect(!text.contains("sesame-4711")) }
  }

  @Test(arguments: PostgresInstallation.all)
  func pingTellsAServerFromNone(_ installation: PostgresInstallation) throws {
    #expect(try Connection.ping(host: "127.0.0.1", port: PostgresServer.shared(installation).port) == .accepting)
    #expect(try Connection.ping(host: "127.0.0.1", port: 1) == .noResponse)
  }
}
