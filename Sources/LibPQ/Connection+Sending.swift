internal import CLibPQ
import Linux

/// One of two connections that are both running statements for a caller.
package enum ConnectionSide: Equatable, Sendable {
  case left, right
}

extension Connection {
  /// Sends any number of statements as one string, and does not wait for the server. ``receive()`` takes the answer;
  /// until then the connection can do nothing else.
  /// - Parameter dropsRows: whether the rows of the answer are dropped as they arrive. Otherwise they are all held in
  ///   memory, however many they are.
  package func send(_ sql: String, dropsRows: Bool = false) throws(PostgresError) {
    try CStrings.check(sql)
    guard unsafe PQsendQuery(handle, sql) == 1 else { throw failure() }
    answer = Answer()
    answer.dropsRows = dropsRows
    isInSingleRowMode = unsafe dropsRows && PQsetSingleRowMode(handle) == 1
  }

  /// The socket on which the server's answers arrive, for poll(2).
  package var socket: Int32 { unsafe PQsocket(handle) }

  /// The number of the server's process (`pg_stat_activity.pid`).
  package var serverProcess: Int { Int(unsafe PQbackendPID(handle)) }

  /// Reads what has arrived, without waiting. Returns whether the answer is there, so that ``receive()`` does not wait.
  /// Where rows are dropped, it drops them.
  package func hasAnswer() -> Bool {
    guard answer.dropsRows else { return isReadable }
    // If the connection is broken, PQgetResult reports that without waiting.
    if unsafe PQconsumeInput(handle) == 0 { unsafe take(.next(handle)) }
    while !answer.isWhole {
      // libpq makes room for a message as soon as it knows its length. What cannot be had ends the connection.
      var arrived = MemoryLimit.hold(further: Self.messageRoom) { unsafe Arrived.afterRows(handle) }
      // A whole message may need more than that: it is taken apart into copies.
      if case .nothing = arrived, unsafe PQisBusy(handle) == 0 { arrived = unsafe .next(handle) }
      if case .nothing = arrived { break }
      take(arrived)
    }
    return answer.isWhole
  }

  /// What libpq may have for a message of the server's that nobody reads: it doubles its buffer, so one of up to a MiB has
  /// room.
  private static let messageRoom = 0x1F_0000

  /// Waits for the answer to what was sent, and returns it. Throws the first error in it.
  /// - Returns: the last statement's result, without rows where they are dropped; nil where there was no statement.
  @discardableResult
  package func receive() throws(PostgresError) -> QueryResult? {
    defer { answer = Answer() }
    if answer.dropsRows {
      while !hasAnswer() { waitForMore() }
    } else {
      while !answer.isWhole, let result = unsafe nextResult() { unsafe take(result) }
    }
    if let failure = answer.failure { throw failure }
    guard !isBroken else { throw self.failure() }
    return answer.last
  }

  private func take(_ arrived: Arrived) {
    switch arrived {
    case .nothing: return
    case .end: answer.isWhole = true
    case .result(let result): unsafe take(result)
    }
  }

  private func take(_ result: OpaquePointer) {
    if answer.dropsRows, unsafe PQresultStatus(result) == PGRES_SINGLE_TUPLE { return unsafe PQclear(result) }
    do throws(PostgresError) { answer.last = try unsafe outcome(of: result) } catch {
      answer.failure = answer.failure ?? error
    }
    // A broken connection would give the same result for ever.
    if isBroken { answer.isWhole = true }
  }

  /// Waits until one of two connections, on both of which something was sent, has its answer. Returns which one; nil
  /// where the time has passed before.
  package static func firstAnswered(
    _ left: borrowing Connection, _ right: borrowing Connection, milliseconds: Int
  ) -> ConnectionSide? {
    while true {
      if left.hasAnswer() { return .left }
      if right.hasAnswer() { return .right }
      guard SocketWait.wait(for: left.socket, or: right.socket, .readable, milliseconds: milliseconds) else {
        return nil
      }
    }
  }

  /// Waits for the next result of what was sent; nil after the last.
  func nextResult() -> OpaquePointer? {
    while !isReadable { waitForMore() }
    return unsafe PQgetResult(handle)
  }

  /// Reads what has arrived. Returns whether there is a result, or the end of them, so that PQgetResult does not wait.
  private var isReadable: Bool { unsafe PQconsumeInput(handle) == 0 || PQisBusy(handle) == 0 }

  private func waitForMore() { _ = SocketWait.wait(for: socket, .readable, milliseconds: 60_000) }
}

/// What libpq has of an answer.
@safe private enum Arrived {
  case nothing
  case end
  case result(OpaquePointer)

  /// What has arrived next, which must not be waited for.
  static func next(_ handle: OpaquePointer) -> Arrived {
    guard let result = unsafe PQgetResult(handle) else { return .end }
    return unsafe .result(result)
  }

  /// What has arrived after the rows that are there, which are dropped.
  static func afterRows(_ handle: OpaquePointer) -> Arrived {
    while unsafe PQisBusy(handle) == 0 {
      guard let result = unsafe PQgetResult(handle) else { return .end }
      guard unsafe PQresultStatus(result) == PGRES_SINGLE_TUPLE else { return unsafe .result(result) }
      unsafe PQclear(result)
    }
    return .nothing
  }
}

/// What has arrived of an answer.
struct Answer {
  var dropsRows = false
  var isWhole = false
  var last: QueryResult?
  var failure: PostgresError?
}
