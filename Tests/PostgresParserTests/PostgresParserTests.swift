import PostgresParser
import Testing

@Suite struct PostgresParserTests {
  @Test(arguments: [
    "", ";;", "SELECT 1", "SELECT 1; SELECT 2;", "-- nothing", "SELECT 'ü' AS \"Ö\"",
    "DO $$ BEGIN no sql at all; END $$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1",
    "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)", "SELECT E'\\''",
  ])
  func takesWhatPostgreSQLTakes(script: String) {
    #expect(PostgresParser.syntaxError(in: script) == nil)
  }

  /// Each is what a server takes. A comment is white space, wherever white space may be.
  @Test(arguments: [
    "COMMENT ON TABLE t IS 'first '| 'second'", "SELECT 'a'|'b'", "SELECT E'a\\''|'b'",
    "SELECT U&'d!0061'|UESCAPE|'!'", "SELECT a FROM t ORDER BY a NULLS|LAST, b NULLS|FIRST",
    "SELECT a NOT|IN (1), a NOT|LIKE 'x', a NOT|BETWEEN 1 AND 2", "SELECT a NOT|ILIKE 'x', a NOT|SIMILAR TO 'x'",
    "CREATE TABLE t (a timestamp with|time zone, b time without|time zone)",
    "SELECT * FROM unnest(ARRAY[1]) WITH|ORDINALITY", "SELECT|1|;|SELECT|2|;|", "WITH|a AS (SELECT 1)|SELECT * FROM a",
    "CREATE VIEW v AS SELECT 1 WITH|CHECK OPTION", "GRANT SELECT ON t TO a WITH|GRANT OPTION",
  ])
  func aCommentIsWhiteSpace(script: String) {
    for comment in ["\n-- ü'\n", "\n/* ü' /* ; */ */\n", "\r\n--\r\n", "\n--a\n--b\n"] {
      let text = script.replacing("|", with: comment)
      #expect(PostgresParser.syntaxError(in: text) == nil, "\(text)")
    }
  }

  @Test func anErrorBehindCommentsIsWhereItIs() {
    let script = "/* ü */ SELECT 'a' -- ö\n 'b';\n-- ü\nSELECT 1 -- ä\n FROM WHERE"
    let error = PostgresParser.syntaxError(in: script)
    #expect(error?.message == #"syntax error at or near "WHERE""#)
    #expect(error?.position == script.unicodeScalars.count - 4)
    // A comment without an end.
    #expect(PostgresParser.syntaxError(in: "SELECT 1 /* x")?.message.hasPrefix("unterminated /* comment") == true)
  }

  @Test(
    arguments: [
      ("CREATE TABEL t ()", #"syntax error at or near "TABEL""#, 8),
      ("SELECT 'ü';\nSELECT FROM WHERE", #"syntax error at or near "WHERE""#, 25),
      ("SELECT 1 +", "syntax error at end of input", 11),
      ("SELECT 'open", #"unterminated quoted string at or near "'open""#, 8),
      ("\\d t", #"syntax error at or near "\""#, 1), ("SELECT 1\0", "a NUL character is in it", 9),
      ("COPY t FROM stdin;\n1\t2\n\\.", #"syntax error at or near "1""#, 20),
    ] as [(String, String, Int)])
  func saysWhatIsNoSQLAndWhere(script: String, message: String, position: Int) {
    let error = PostgresParser.syntaxError(in: script)
    #expect(error?.message == message)
    #expect(error?.position == position)
  }

  @Test func tokensAreWhatIsNoSpaceAndNoComment() {
    let script = "/* DROP */ Drop -- x\n TABLE \"drop;\", $$ a; b $$, 'c' <> 1.5"
    #expect(
      PostgresParser.tokens(of: script)?.map { String(decoding: Array(script.utf8)[$0], as: UTF8.self) }
        == ["Drop", "TABLE", "\"drop;\"", ",", "$$ a; b $$", ",", "'c'", "<>", "1.5"])
    #expect(PostgresParser.tokens(of: "SELECT 'open") == nil)
    #expect(PostgresParser.tokens(of: "") == [])
  }

  /// Very long texts, named by what they repeat, so that they are not printed.
  enum Endless: CaseIterable {
    case parentheses, sums, signs, negations, statements, literal

    var script: String {
      switch self {
      case .parentheses: String(repeating: "(", count: 200_000)
      case .sums: "SELECT 1" + String(repeating: " + 1", count: 200_000)
      case .signs: "SELECT " + String(repeating: "- ", count: 100_000) + "1"
      case .negations: "SELECT " + String(repeating: "NOT ", count: 200_000) + "true"
      case .statements: String(repeating: "SELECT 1;", count: 50_000)
      case .literal: "SELECT '" + String(repeating: "x", count: 1_000_000) + "'"
      }
    }

    /// What the grammar says; nil where it takes the script.
    var error: String? {
      switch self {
      case .parentheses, .signs, .negations: "memory exhausted"
      case .sums, .statements, .literal: nil
      }
    }

    var tokens: Int {
      switch self {
      case .parentheses: 200_000
      case .sums: 400_002
      case .signs: 100_002
      case .negations: 200_002
      case .statements: 150_000
      case .literal: 2
      }
    }
  }

  /// Deep and long texts lead to an answer, not to a crash.
  @Test(arguments: Endless.allCases)
  func survivesEndlessTexts(_ text: Endless) {
    let message = PostgresParser.syntaxError(in: text.script)?.message
    #expect(text.error.map { message?.hasPrefix($0) == true } ?? (message == nil), "\(message ?? "it is taken")")
    #expect(PostgresParser.tokens(of: text.script)?.count == text.tokens)
  }

  @Test func manyThreadsMayAskAtOnce() async {
    await withTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          for _ in 0..<50 {
            #expect(PostgresParser.syntaxError(in: "SELECT \(index)") == nil)
            #expect(PostgresParser.syntaxError(in: "SELEC \(index)")?.position == 1)
          }
        }
      }
    }
  }
}
