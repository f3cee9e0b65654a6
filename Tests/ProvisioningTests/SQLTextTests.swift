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

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:01.5Z", 1_500_000), ("1969-12-31T23:59:59Z", -1_000_000),
      ("2027-01-01T00:00:00Z", 1_798_761_600_000_000), ("2027-01-01T02:30:00+02:30", 1_798_761_600_000_000),
      ("2000-02-29T00:00:00-01:00", 951_786_000_000_000), ("1970-01-01t00:00:00.0000019z", 1),
    ] as [(String, Int64)])
  func timesAreRead(_ text: String, _ microseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
  }

  @Test(arguments: [
    "", "2027-01-01", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:00.Z",
    "2027-01-01T00:00:00Zx", "2027-01-01T00:00:00+1:00", "tomorrow",
  ])
  func whatIsNoTimeIsNotRead(_ text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }
}
