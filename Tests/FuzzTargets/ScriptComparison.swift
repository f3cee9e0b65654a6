internal import CPGQuery
import PostgresParser
import Provisioning

/// Compares the splitter of scripts with PostgreSQL's own scanner and grammar.
public enum ScriptComparison {
  /// The pieces of scripts, by byte: everything that opens, closes or continues a literal or a comment, everything that
  /// splits, and whole statements, so that many of the scripts are SQL.
  private static let pieces = [
    "'", "'", "''", "\"", "\"", "E'", "e'", "E'a\\", "U&'", "u&\"", "B'", "x'0", "N'", "\\'", "\\", "$$", "$$", "$a$",
    "$a$", "$A$", "$1", "$", "$a", "$é$", "a$", "a$$", "1", "1$$", "1e5", ".5", "--", "-- '\r", "-- ;\n", "/*", "*/",
    "/* ; */",
    "/", "*", "+", "-", "+-", "::", "||", "@", "\r", "\n", "\r\n", " ", " ", " ", "\t", "\u{0C}", "(", ")", "()", "[",
    "]", ";",
    ";", ";", ",", ".", ":", "a", "é", "\u{FEFF}", "_", "e", "n", "SELECT", "SELECT 1", "SELECT 'a;'", "SELECT E'\\';'",
    "SELECT $$;$$", "FROM t", "AS", "AS end", "END", "CASE", "CASE 1 WHEN 1 THEN 2 END", "BEGIN", "BEGIN ATOMIC",
    "ATOMIC",
    "CREATE FUNCTION f() RETURNS int", "CREATE OR REPLACE PROCEDURE p()", "CREATE FUNCTION begin() RETURNS int",
    "RETURN 1",
    "LANGUAGE sql AS", "SELECT 1;", "SELECT 1; END;", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END end; END;",
    "COPY t FROM", "COPY t (stdin) TO '/x';", "stdin", "stdout", "TO", "FROM", "ROLLBACK", "ROLLBACK TO a;", "WORK",
    "TRANSACTION", "COMMIT", "COMMIT;", "START", "PREPARE", "SAVEPOINT a;", "ABORT", "DO $$ BEGIN END $$;",
    "WITH a AS (SELECT 1)",
    "E'a'\n'\\''", "E'a' -- b\n '\\''", "'a'\n'b'", "SELECT 1 -- a\r",
  ]

  /// The script that these bytes mean.
  public static func script(of bytes: [UInt8]) -> String {
    bytes.reduce(into: "") { $0 += pieces[Int($1) % pieces.count] }
  }

  /// The result of a comparison.
  public enum Verdict: Equatable, Sendable {
    /// PostgreSQL's scanner refuses the script, or the splitter does because of something that only psql understands.
    case notCompared
    /// The grammar refuses the script; the tokens are the same.
    case sameWords
    case sameStatements
    case different(String)
  }

  /// Traps where the splitter and PostgreSQL disagree.
  public static func check(_ script: String) {
    if case .different(let how) = compare(script) { preconditionFailure("\(how): \(script.debugDescription)") }
  }

  /// Splits a script both ways and compares the results.
  public static func compare(_ script: String) -> Verdict {
    let hasMark = script.utf8.starts(with: [0xEF, 0xBB, 0xBF])
    let text = hasMark ? String(script.unicodeScalars.dropFirst()) : script
    let bytes = Array(text.utf8)
    guard let tokens = PostgresParser.tokens(of: text), !isMisread(bytes, tokens) else {
      _ = try? ScriptStatement.split(script, isTransaction: true)
      return .notCompared
    }
    let words = tokens.map { Array(bytes[$0]) }
    let cuts = cuts(of: text)
    let expected = cuts.map { cuts in
      cuts.map { cut in tokens.filter { cut.contains($0.lowerBound) }.map { Array(bytes[$0]) } }
    }
    let statements: [ScriptStatement]
    do throws(ScriptError) { statements = try ScriptStatement.split(script, isTransaction: false) } catch {
      let isOfPsql = words.contains { $0.elementsEqual("\\".utf8) }
      let isCopy = words.contains { lowercase($0) == "copy" }
      return isOfPsql || isCopy ? .notCompared : .different("refused (\(error.message))")
    }
    var found: [[[UInt8]]] = []
    for statement in statements {
      guard let tokens = PostgresParser.tokens(of: statement.text) else {
        return .different("cut in a literal or comment")
      }
      let bytes = Array(statement.text.utf8)
      found.append(tokens.map { Array(bytes[$0]) })
    }
    // Of U&"…" libpg_query gives the first byte alone.
    let isWhole = !script.lowercased().contains("u&\"")
    for (statement, tokens) in zip(ScriptStatement.check(script, isTransaction: false).statements, found)
    where isWhole && statement.words.filter({ !prefixes.contains($0) }) != wordsOutsideOfParentheses(tokens) {
      return .different("other keywords")
    }
    let isSign = { (word: [UInt8]) in !word.elementsEqual(";".utf8) }
    if found.flatMap({ $0 }).filter(isSign) != words.filter(isSign) { return .different("other words") }
    guard let expected else { return .sameWords }
    if found != expected { return .different("other statements") }
    return transactionDifference(in: script, expected).map { .different($0) } ?? .sameStatements
  }

  /// The bytes of each statement, as the grammar splits a script that the scanner takes, with the spaces and comments
  /// before it; nil where the script is not SQL.
  private static func cuts(of script: String) -> [Range<Int>]? {
    let result = unsafe pg_query_split_with_parser(script)
    defer { unsafe pg_query_free_split_result(result) }
    guard unsafe result.error == nil else { return nil }
    return unsafe UnsafeBufferPointer(start: result.stmts, count: Int(result.n_stmts)).compactMap { statement in
      guard let statement = unsafe statement?.pointee else { return nil }
      let start = Int(statement.stmt_location)
      return start..<start + Int(statement.stmt_len)
    }
  }

  /// What may stand directly before a quote and belong to it. The splitter takes all but `E` for words.
  private static let prefixes: Set = ["b", "n", "u", "x"]

  /// The words that may be keywords, as ``ScriptStatement/words`` has them, without ``prefixes``.
  private static func wordsOutsideOfParentheses(_ tokens: [[UInt8]]) -> [String] {
    var words: [String] = []
    var depth = 0
    for token in tokens {
      if token.elementsEqual("(".utf8) { depth += 1 }
      if token.elementsEqual(")".utf8) { depth = max(0, depth - 1) }
      guard depth == 0, let first = token.first, let last = token.last else { continue }
      let isWord = first >= 0x80 || first == UInt8(ascii: "_") || (0x41...0x5A).contains(first & 0xDF)
      if first == UInt8(ascii: "\"") {
        words.append(String(decoding: token, as: UTF8.self))
      } else if isWord, last != UInt8(ascii: "'") {
        let word = String(decoding: token.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        if !prefixes.contains(word) { words.append(word) }
      }
    }
    return words
  }

  /// Whether a comment stands between two parts of an `E'…'`: libpg_query, which gives comments out, takes the second part
  /// for a literal of its own. Servers of 15 to 18 do not. A vertical tab is a sign before 16, which no grammar takes, and
  /// a space from then on.
  private static func isMisread(_ bytes: [UInt8], _ tokens: [Range<Int>]) -> Bool {
    if tokens.contains(where: { bytes[$0].elementsEqual([0x0B]) }) { return true }
    return zip(tokens, tokens.dropFirst()).contains { first, second in
      let isEscape = bytes[first].starts(with: "E'".utf8) || bytes[first].starts(with: "e'".utf8)
      return isEscape && bytes[second].first == UInt8(ascii: "'")
        && bytes[first.upperBound..<second.lowerBound].contains(UInt8(ascii: "-"))
    }
  }

  /// Whether the splitter and the script's words disagree about whether the script ends the transaction in which it is
  /// to run.
  private static func transactionDifference(in script: String, _ statements: [[[UInt8]]]) -> String? {
    let ends = statements.contains { statement in
      let words = statement.prefix(3).map { lowercase($0) }
      switch words.first {
      case "begin", "commit", "end", "abort": return true
      case "start": return true
      case "prepare": return words.dropFirst().first == "transaction"
      case "rollback":
        return words.dropFirst().first { $0 != "work" && $0 != "transaction" } != "to"
      default: return false
      }
    }
    let isRefused = (try? ScriptStatement.split(script, isTransaction: true)) == nil
    return ends == isRefused ? nil : isRefused ? "taken for the end of a transaction" : "an end of a transaction unseen"
  }

  private static func lowercase(_ word: [UInt8]) -> String {
    String(decoding: word, as: UTF8.self).lowercased()
  }
}
