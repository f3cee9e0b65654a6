import LibPQ
import ThrowawayPostgres
import Testing

@Suite struct QuotingTests {
  @Test(arguments: [
    ("shop", #""shop""#), ("Shop", #""Shop""#), ("a\"b", #""a""b""#), ("user", #""user""#), ("a\\b", #""a\b""#),
    ("ä", #""ä""#), ("", #""""#),
  ])
  func `an identifier is quoted, its quotes doubled`(name: String, quoted: String) {
    #expect(SQL.quoteIdentifier(name) == quoted)
  }

  @Test(arguments: [
    ("x", "'x'"), ("it's", "'it''s'"), ("''", "''''''"), ("\"", "'\"'"), (#"a\b"#, #" E'a\\b'"#),
    (#"\'"#, #" E'\\'''"#), ("", "''"),
  ])
  func `a text is quoted, its quotes doubled`(text: String, quoted: String) {
    #expect(SQL.quoteLiteral(text) == quoted)
  }

  static let odd = [
    "it's", #"back\slash"#, #"\'; DROP TABLE x; --"#, "new\nline", "\"", "$1 $$", "ä€😀", "a\u{301}", "%s ?",
  ]

  @Test(arguments: PostgresInstallation.all)
  func `the server reads every text back as it was`(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    for setting in ["on", "off"] {
      try connection.execute("SET escape_string_warning = off; SET standard_conforming_strings = \(setting)")
      for text in Self.odd {
        let row = try connection.query("SELECT\(SQL.quoteLiteral(text)) AS \(SQL.quoteIdentifier(text))")
        #expect(row.value(0, 0).map { Array($0.utf8) } == Array(text.utf8))
        #expect(row.columnName(0).map { Array($0.utf8) } == Array(text.utf8))
      }
    }
  }
}
