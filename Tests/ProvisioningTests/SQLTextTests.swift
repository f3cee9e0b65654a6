import DatabaseSpec
import Provisioning
import Testing

@Suite struct SQLTextTests {
  @Test(arguments: [
    ("shop", "\"shop\""), ("Sh op", "\"Sh op\""), ("a\"b", "\"a\"\"b\""), ("a'b\\", "\"a'b\\\""),
    ("e\u{301}", "\"e\u{301}\""), ("\u{301}\"", "\"\u{301}\"\"\""),
  ])
  func identifiersAreQuotedByteForByte(_ name: String, _ quoted: String) throws {
    #expect(Array(SQLText.identifier(try PostgresName(name)).utf8) == Array(quoted.utf8))
  }

  @Test(arguments: [("", "''"), ("a", "'a'"), ("it's", "'it''s'"), ("\\", "'\\'"), ("'\u{301}", "'''\u{301}'")])
  func literalsAreQuotedByteForByte(_ text: String, _ quoted: String) {
    #expect(Array(SQLText.literal(text).utf8) == Array(quoted.utf8))
  }

  @Test func arraysQuoteEveryElement() {
    #expect(SQLText.array([]) == "{}")
    #expect(SQLText.array(["a", "{b,\"c\\", "NULL", ""]) == "{\"a\",\"{b,\\\"c\\\\\",\"NULL\",\"\"}")
  }
}
