internal import CPGQuery

/// PostgreSQL's own scanner and grammar, from libpg_query: what they refuse, a server of ``majorVersion`` refuses.
///
/// No syntax tree is asked for: the library writes one by recursion, which an endless `1 + 1 + 1 …` would let overflow
/// the stack.
package enum PostgresParser {
  /// The major version of PostgreSQL whose grammar it is.
  package static let majorVersion = Int(PG_VERSION_NUM) / 10_000

  /// The first thing in a script of any number of statements that is not SQL; nil where all of it is. Scripts with a
  /// ``lineOfEndlessSigns(in:)`` are none to ask this of.
  package static func syntaxError(in script: String) -> SQLSyntaxError? {
    if let error = SQLSyntaxError(nulIn: script) { return error }
    let result = unsafe pg_query_split_with_parser(script)
    defer { unsafe pg_query_free_split_result(result) }
    return unsafe SQLSyntaxError(result.error)
  }

  /// The statements of a script as the words and signs that they are made of, comments left out; nil where it cannot
  /// be cut into them, as with a literal that has no end.
  package static func statements(of script: String) -> [SQLWords]? {
    guard SQLSyntaxError(nulIn: script) == nil else { return nil }
    return scan(script).map { SQLWords.statements(of: Array(script.utf8), $0.ranges) }
  }

  /// What the scanner makes of a script without a NUL.
  static func scan(_ script: String) -> ScanResult? {
    let result = unsafe pg_query_scan(script)
    defer { unsafe pg_query_free_scan_result(result) }
    guard unsafe result.error == nil, let data = unsafe result.pbuf.data else { return nil }
    return unsafe ScanResult(Array(UnsafeRawBufferPointer(start: data, count: result.pbuf.len)))
  }
}

/// What is not SQL in a script, and where.
package struct SQLSyntaxError: Error, Equatable, Sendable {
  /// In PostgreSQL's own words, such as `syntax error at or near "tabel"`.
  package let message: String
  /// The character (Unicode scalar) that it is about, from 1; nil where it is about no one place.
  package let position: Int?

  init?(nulIn script: String) {
    guard script.utf8.contains(0) else { return nil }
    message = "a NUL character is in it"
    position = script.unicodeScalars.prefix { $0.value != 0 }.count + 1
  }

  @unsafe init?(_ error: UnsafeMutablePointer<PgQueryError>?) {
    guard let error = unsafe error?.pointee else { return nil }
    message = unsafe error.message.map { unsafe String(cString: $0) } ?? "it is no SQL"
    position = unsafe error.cursorpos > 0 ? Int(error.cursorpos) : nil
  }
}
