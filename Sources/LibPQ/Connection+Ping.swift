internal import CLibPQ

/// Whether a server answers (`PQping`).
package enum PingStatus: Equatable, Sendable {
  /// It accepts connections.
  case accepting
  /// It runs and refuses connections: it is starting, stopping or recovering. The error has its words, where they are
  /// known.
  case rejecting(PostgresError?)
  /// Nothing answers.
  case noResponse
  /// The attempt could not be made.
  case notAttempted
}

extension Connection {
  /// Asks whether a server accepts connections. It needs no password, and the user need not exist; but where the role
  /// does not exist and the server asks for no password, the server logs an error. Blocks for at most 4 s.
  ///
  /// Where the server asks for no password, PQping logs in, and libpq prints what the server warns of to stderr. So it is
  /// asked only where the answer to a login of our own is not clear.
  package static func ping(host: String, port: Int, user: String = "postgres") throws(PostgresError) -> PingStatus {
    let parameters =
      ConnectionSettings(host: host, port: port, user: user, sslMode: .disable).parameters
      + [("connect_timeout", "2")]
    let keywords = try CStrings(parameters.map { $0.keyword })
    let values = try CStrings(parameters.map { $0.value })
    if let status = try login(keywords, values) { return status }
    let answer = unsafe keywords.withPointers { keywords in
      unsafe values.withPointers { values in unsafe PQpingParams(keywords, values, 0) }
    }
    switch answer {
    case PQPING_OK: return .accepting
    case PQPING_REJECT: return .rejecting(nil)
    case PQPING_NO_RESPONSE: return .noResponse
    default: return .notAttempted
    }
  }

  /// What a login says of the server; nil where that is not clear.
  private static func login(_ keywords: CStrings, _ values: CStrings) throws(PostgresError) -> PingStatus? {
    do throws(PostgresError) {
      unsafe PQfinish(try open(keywords, values, place: "the server", withinSeconds: 2))
      return .accepting
    } catch {
      guard error.sqlState != nil else { return nil }
      // A function that runs at a login may say the same; the server runs then.
      return error.context == nil && error.isServer(SQLState.cannotConnectNow) ? .rejecting(error) : .accepting
    }
  }
}
