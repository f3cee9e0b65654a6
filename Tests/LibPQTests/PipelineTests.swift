import LibPQ
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct PipelineTests {
  @Test(arguments: PostgresInstallation.all)
  func aThousandStatementsHaveTheirOutcomesInOrder(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    for separately in [true, false] {
      let outcomes = try connection.pipeline(
        (0..<1000).map { Statement("SELECT $1::int * 2", ["\($0)"]) }, separately: separately)
      #expect(try outcomes.map { try $0.get().value(0, 0) } == (0..<1000).map { "\($0 * 2)" })
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func separatelyAnErrorStaysWithItsStatement(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    let statements = ["1", "1", "2"].map { Statement("INSERT INTO t VALUES ($1)", [$0]) }
    let states = try connection.pipeline(statements).map { $0.error?.sqlState }
    #expect(states == [nil, SQLState.uniqueViolation, nil])
    #expect(try connection.query("SELECT count(*) FROM t").value(0, 0) == "2")
  }

  @Test(arguments: PostgresInstallation.all)
  func togetherAnErrorUndoesThoseBeforeItAndStopsThoseAfterIt(
    _ installation: PostgresInstallation
  ) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    let statements = ["1", "1", "2"].map { Statement("INSERT INTO t VALUES ($1)", [$0]) }
    let kinds = try connection.pipeline(statements, separately: false).map { $0.error?.kind }
    #expect(kinds == [nil, .server, .protocol])
    #expect(try connection.query("SELECT count(*) FROM t").value(0, 0) == "0")
  }

  @Test(arguments: PostgresInstallation.all)
  func answersLargerThanAllBuffersDoNotBlockIt(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    let text = String(repeating: "x", count: 100_000)
    let outcomes = try connection.pipeline((0..<100).map { _ in Statement("SELECT repeat($1, 10)", [text]) })
    #expect(try outcomes.allSatisfy { try $0.get().value(0, 0)?.utf8.count == 1_000_000 })
  }

  @Test(arguments: PostgresInstallation.all)
  func aConnectionThatBreaksThrows(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    #expect(throws: PostgresError.self) {
      try connection.pipeline([Statement("SELECT pg_terminate_backend(pg_backend_pid())"), Statement("SELECT 1")])
    }
    let isBroken = connection.isBroken
    #expect(isBroken)
  }

  @Test func nothingAsksNothing() throws {
    let connection = try PostgresServer.shared(.newest).connect()
    #expect(try connection.pipeline([]).isEmpty)
  }
}

extension Result {
  fileprivate var error: Failure? {
    guard case .failure(let error) = self else { return nil }
    return error
  }
}
