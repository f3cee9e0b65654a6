internal import CLibPQ

/// One of two connections that a caller has statements running on.
package enum ConnectionSide: Equatable, Sendable {
  case left, right
}

extension Connection {
  /// Sends any number of statements, one string, and does not wait for the server: ``receive()`` takes its answer, and
  /// until then the connection can do nothing else.
  package func send(_ sql: String) throws(PostgresError) {
    try CStrings.check(sql)
    guard unsafe PQsendQuery(handle, sql) == 1 else { throw failure() }
  }

  /// Waits for the answer to what was sent, and takes it; throws the first error in it.
  package func receive() throws(PostgresError) {
    var failure: PostgresError?
    while let result = unsafe PQgetResult(handle) {
      do throws(PostgresError) { _ = try unsafe outcome(of: result) } catch { failure = failure ?? error }
      // A broken connection would give the same answer for ever.
      if isBroken { break }
    }
    if let failure { throw failure }
    guard !isBroken else { throw self.failure() }
  }

  /// Waits until one of two connections, on both of which something was sent, has its answer.
  package static func firstAnswered(_ left: borrowing Connection, _ right: borrowing Connection) -> ConnectionSide {
    unsafe postern_pq_first_answered(left.handle, right.handle) == 0 ? .left : .right
  }
}
