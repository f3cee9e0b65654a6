internal import CPGQuery

/// PostgreSQL's own scanner and grammar, from libpg_query. What they refuse, a server of ``majorVersion`` refuses.
///
/// No syntax tree is asked for: the library writes it by recursion, and a very long `1 + 1 + 1 …` would overflow the
/// stack.
package enum PostgresParser {
  /// The major version of PostgreSQL that has this grammar.
  package static let majorVersion = Int(PG_VERSION_NUM) / 10_000

  /// The first syntax error in a script of any number of statements; nil where there is none. Do not call it for
  /// scripts with a ``lineOfEndlessSigns(in:)``.
  package static func syntaxError(in script: String) -> SQLSyntaxError? {
    if let error = SQLSyntaxError(nulIn: script) { return error }
    guard let error = grammarError(in: script) else { return nil }
    // The library makes tokens of comments, and its grammar does not look over them where it looks ahead, as between
    // `WITH` and `ORDINALITY`, nor between the parts of a literal. To a server they are white space.
    guard let bare = withoutComments(script) else { return error }
    return grammarError(in: bare)
  }

  private static func grammarError(in script: String) -> SQLSyntaxError? {
    let result = unsafe pg_query_split_with_parser(script)
    defer { unsafe pg_query_free_split_result(result) }
    return unsafe SQLSyntaxError(result.error)
  }
}

/// A syntax error in a script, and its place.
package struct SQLSyntaxError: Error, Equatable, Sendable {
  /// In PostgreSQL's own words, such as `syntax error at or near "tabel"`.
  package let message: String
  /// The character (Unicode scalar) at which it is, from 1; nil where it has no single place.
  package let position: Int?

  init?(nulIn script: String) {
    guard PostgresParser.hasNUL(script) else { return nil }
    message = "a NUL character is in it"
    position = script.unicodeScalars.prefix { $0.value != 0 }.count + 1
  }

  @unsafe init?(_ error: UnsafeMutablePointer<PgQueryError>?) {
    guard let error = unsafe error?.pointee else { return nil }
    message = unsafe error.message.map { unsafe String(cString: $0) } ?? "it is no SQL"
    position = unsafe error.cursorpos > 0 ? Int(error.cursorpos) : nil
  }
}
