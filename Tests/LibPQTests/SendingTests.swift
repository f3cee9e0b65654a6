import LibPQ
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct SendingTests {
  @Test(arguments: PostgresInstallation.all)
  func twoConnectionsWorkAtOnceAndTheFirstToAnswerIsTold(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer.shared(installation)
    let left = try server.connect()
    let right = try server.connect()
    // Each connection waits for a lock of its own, which a third one holds.
    let holder = try server.connect()
    try holder.execute("SELECT pg_advisory_lock(4711), pg_advisory_lock(4712)")
    try left.send("SELECT pg_advisory_lock(4711)")
    try right.send("SELECT 1")
    #expect(Connection.firstAnswered(left, right, milliseconds: 60_000) == .right)
    try right.receive()
    try right.send("SELECT pg_advisory_lock(4712)")
    try holder.execute("SELECT pg_advisory_unlock(4711)")
    #expect(Connection.firstAnswered(left, right, milliseconds: 60_000) == .left)
    try left.receive()
    #expect(try left.query("SELECT 2").value(0, 0) == "2")
  }

  @Test(arguments: PostgresInstallation.all)
  func anErrorIsThrownAsItIsTakenAndTheConnectionGoesOn(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.send("SELECT 1; SELECT 1 / 0; SELECT 2")
    let error = #expect(throws: PostgresError.self) { try connection.receive() }
    #expect(error?.sqlState == "22012")
    try connection.send("")
    try connection.receive()
    #expect(try connection.query("SELECT 2").value(0, 0) == "2")
    #expect(throws: PostgresError.self) { try connection.send("SELECT '\0'") }
  }

  @Test(arguments: PostgresInstallation.all)
  func oneThatBreaksHasItsAnswerAtOnce(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer.shared(installation)
    let left = try server.connect()
    let right = try server.connect()
    try left.send("SELECT pg_sleep(60)")
    try right.send("SELECT pg_terminate_backend(pg_backend_pid())")
    #expect(Connection.firstAnswered(left, right, milliseconds: 60_000) == .right)
    let error = #expect(throws: PostgresError.self) { try right.receive() }
    #expect(error?.sqlState == SQLState.adminShutdown)
    let isBroken = right.isBroken
    #expect(isBroken)
    #expect(throws: PostgresError.self) { try right.send("SELECT 1") }
  }

  @Test(arguments: PostgresInstallation.all)
  func rowsThatNobodyReadsAreDroppedAsTheyArrive(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.send("SELECT generate_series(1, 20000); SELECT repeat('x', 1000)", dropsRows: true)
    while !connection.hasAnswer() {}
    let hasAnswer = connection.hasAnswer()
    #expect(hasAnswer)
    let dropped = try connection.receive()
    #expect(dropped?.rowCount == 0)
    // An error behind rows is thrown, and the next answer has its rows.
    try connection.send("SELECT 1 / (20000 - g) FROM generate_series(1, 30000) g", dropsRows: true)
    let error = #expect(throws: PostgresError.self) { try connection.receive() }
    #expect(error?.sqlState == "22012")
    try connection.send("SELECT 1 UNION SELECT 2")
    let kept = try connection.receive()
    #expect(kept?.rowCount == 2)
    try connection.send("", dropsRows: true)
    try connection.receive()
    try connection.send("SELECT 1", dropsRows: true)
    try connection.receive()
    let outcomes = try connection.pipeline([.init("SELECT 1 UNION SELECT 2"), .init("SELECT 3")])
    #expect(try outcomes.map { try $0.get().rowCount } == [2, 1])
    try connection.send("SELECT pg_terminate_backend(pg_backend_pid())", dropsRows: true)
    #expect(throws: PostgresError.self) { try connection.receive() }
    let isBroken = connection.isBroken
    #expect(isBroken)
  }

  @Test(arguments: PostgresInstallation.all)
  func aLongErrorIsCutAtACharacter(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    let error = #expect(throws: PostgresError.self) {
      try connection.execute(
        """
        DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'a' || repeat('é', 1000000), DETAIL = repeat('€', 1000000),
        HINT = repeat('x', 4096); END $$
        """)
    }
    #expect(error?.message == "a" + String(repeating: "é", count: 2047) + "…")
    #expect(error?.detail == String(repeating: "€", count: 1365) + "…")
    #expect(error?.hint == String(repeating: "x", count: 4096))
    #expect(try connection.query("SELECT 2").value(0, 0) == "2")
  }
}
