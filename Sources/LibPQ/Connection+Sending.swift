internal import CLibPQ
import Linux

/// One of two connections that are both running statements for a caller.
package enum ConnectionSide: Equatable, Sendable {
  case left, right
}

extension Connection {
  /// Sends any number of statements as one string, and does not wait for the server. ``receive()`` takes the answer;
  /// until then the connection can do nothing else.
  package func send(_ sql: String) throws(PostgresError) {
    try CStrings.check(sql)
    guard unsafe PQsendQuery(handle, sql) == 1 else { throw failure() }
  }

  /// The socket on which the server's answers arrive, for poll(2).
  package var socket: Int32 { unsafe PQsocket(handle) }

  /// The number of the server's process (`pg_stat_activity.pid`).
  package var serverProcess: Int { Int(unsafe PQbackendPID(handle)) }

  /// Reads what has arrived, without waiting. Returns whether the whole answer is there, so that ``receive()`` does not
  /// wait.
  package func hasAnswer() -> Bool { unsafe postern_pq_answered(handle) != 0 }

  /// Waits for the answer to what was sent, and returns it. Throws the first error in it.
  /// - Returns: the last statement's result; nil where there was no statement.
  @discardableResult
  package func receive() throws(PostgresError) -> QueryResult? {
    var failure: PostgresError?
    var last: QueryResult?
    while let result = unsafe nextResult() {
      do throws(PostgresError) { last = try unsafe outcome(of: result) } catch { failure = failure ?? error }
      // A broken connection would give the same result for ever.
      if isBroken { break }
    }
    if let failure { throw failure }
    guard !isBroken else { throw self.failure() }
    return last
  }

  /// Waits until one of two connections, on both of which something was sent, has its answer. Returns which one.
  package static func firstAnswered(_ left: borrowing Connection, _ right: borrowing Connection) -> ConnectionSide {
    while true {
      if left.hasAnswer() { return .left }
      if right.hasAnswer() { return .right }
      _ = SocketWait.wait(for: left.socket, or: right.socket, .readable, milliseconds: 60_000)
    }
  }

  /// Waits for the next result of what was sent; nil after the last.
  func nextResult() -> OpaquePointer? {
    while !hasAnswer() { _ = SocketWait.wait(for: socket, .readable, milliseconds: 60_000) }
    return unsafe PQgetResult(handle)
  }
}
