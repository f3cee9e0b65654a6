/// An error from a server, or from the attempt to reach it. It holds what the server reported and never the
/// connection's password.
package struct PostgresError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where the error comes from.
  package enum Kind: Equatable, Sendable {
    /// There is no connection: it was refused, timed out, or broke.
    case connection
    /// The server took the statement and reported an error.
    case server
    /// The statement could not be sent, or it asked for something that this client does not support.
    case `protocol`
    /// This process lacks something that it needs, such as randomness; the server was not asked.
    case client
  }

  /// Where the error comes from.
  package var kind: Kind
  /// The SQLSTATE (PostgreSQL docs, appendix A), where the server gave one; see ``SQLState``.
  package var sqlState: String?
  /// The primary message, one line as a rule.
  package var message: String
  /// The secondary message.
  package var detail: String?
  /// The server's hint.
  package var hint: String?
  /// The position in the statement, in characters (Unicode scalars), from 1.
  package var position: Int?
  /// The call stack of functions, or the line of a COPY.
  package var context: String?
  /// Who held the lock that the statement waited for, where somebody has asked; no words of the server's error.
  package var lockHolders: String?

  /// An error with these values.
  package init(
    kind: Kind, sqlState: String? = nil, message: String, detail: String? = nil, hint: String? = nil,
    position: Int? = nil, context: String? = nil
  ) {
    self.kind = kind
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.hint = hint
    self.position = position
    self.context = context
  }

  /// Whether the server gave one of these SQLSTATEs.
  package func isServer(_ states: String...) -> Bool {
    guard let sqlState else { return false }
    return states.contains { $0.utf8.elementsEqual(sqlState.utf8) }
  }

  /// Whether the message contains these words.
  package func says(_ words: StaticString) -> Bool {
    let needle = Array(words.description.utf8)
    let text = Array(message.utf8)
    guard text.count >= needle.count else { return false }
    return (0...(text.count - needle.count)).contains { text[$0...].starts(with: needle) }
  }

  /// One line: message, detail, SQLSTATE.
  package var description: String {
    var text = message
    if let detail { text += " (\(detail))" }
    if let sqlState { text += " [\(sqlState)]" }
    return String(decoding: text.utf8.map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self)
  }
}

extension PostgresError {
  /// Makes an error from libpq's message about a message of the server's for which it had no room; nil where it says
  /// something else: `lost synchronization with server: got message type "D", length 20000010`.
  init?(tooLong text: String) {
    let words = "lost synchronization with server: got message type \"".utf8
    guard let line = text.utf8.split(separator: 0x0A).first(where: { $0.starts(with: words) }) else { return nil }
    let rest = line.dropFirst(words.count)
    let length = String(decoding: rest.split(separator: 0x20).last ?? rest[...], as: UTF8.self)
    let (what, hint): (String, String) =
      switch rest.first {
      case UInt8(ascii: "D"):
        ("a row", "nobody reads what a script selects: PERFORM in a DO block, or CREATE TABLE AS, sends no row")
      case UInt8(ascii: "E"): ("an error", "let what raises it say less")
      default: ("a notice", "let what raises it say less")
      }
    self.init(
      kind: .connection,
      message: "the server sends \(what) of \(length) bytes, for which there is no room: about a MiB is read",
      hint: hint)
  }

  /// Makes an error from libpq's message about a connection that was not made. The message has a line for each attempt,
  /// with and without TLS. Because errors are verbose while connecting, a refusal by the server looks like this:
  /// `… FATAL:  28P01: password authentication failed for user "shop"`. Lines `DETAIL:  …`, `HINT:  …` and
  /// `CONTEXT:  …` may follow.
  init(connecting text: String) {
    let lines = text.utf8.split(separator: 0x0A).map { Array($0) }
    var refusals: [PostgresError] = []
    for line in lines {
      if let refusal = Self.refusal(line) {
        refusals.append(refusal)
      } else if let last = refusals.indices.last {
        refusals[last].detail = refusals[last].detail ?? Self.rest(of: line, after: "DETAIL:  ")
        refusals[last].hint = refusals[last].hint ?? Self.rest(of: line, after: "HINT:  ")
        refusals[last].context = refusals[last].context ?? Self.rest(of: line, after: "CONTEXT:  ")
      }
    }
    // If one attempt finds no line in pg_hba.conf, the other one says which authentication the server demands.
    let telling = refusals.last { $0.isServer(SQLState.invalidPassword) || $0.hint != nil } ?? refusals.last
    // If no server is there, the first line gives the reason, and the second only asks whether the server is running.
    self = telling ?? PostgresError(kind: .connection, message: String(decoding: lines.first ?? [], as: UTF8.self))
  }

  /// What a line says of a login that the server refused, or libpq itself; nil where it says something else.
  private static func refusal(_ line: [UInt8]) -> PostgresError? {
    var own = PostgresError(kind: .connection, message: String(decoding: line, as: UTF8.self))
    if own.says("authentication method requirement") {
      own.hint = """
        a password is never sent in clear text, and only scram-sha-256, md5 and trust are accepted: \
        change this connection's line in the server's pg_hba.conf to scram-sha-256, and reload
        """
      return own
    }
    for start in line.indices.dropLast(9) where line[start...].starts(with: ":  ".utf8) {
      let code = line[(start + 3)..<(start + 8)]
      guard line[(start + 8)...].starts(with: ": ".utf8), code.allSatisfy({ isStateByte($0) }) else { continue }
      return PostgresError(
        kind: .connection, sqlState: String(decoding: code, as: UTF8.self),
        message: String(decoding: line[..<start] + ": ".utf8 + line[(start + 10)...], as: UTF8.self))
    }
    return nil
  }

  private static func rest(of line: [UInt8], after start: StaticString) -> String? {
    let start = start.description.utf8
    return line.starts(with: start) ? String(decoding: line.dropFirst(start.count), as: UTF8.self) : nil
  }

  private static func isStateByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
