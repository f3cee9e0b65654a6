import Declarations
import Testing

@Suite struct QuotedTests {
  @Test(arguments: [
    ("orders", "\"orders\""), ("", "\"\""), ("an order ~", "\"an order ~\""), ("Ö é", "\"Ö é\""),
    (String(repeating: "a", count: 63), "\"\(String(repeating: "a", count: 63))\""),
    (String(repeating: "a", count: 64), "\"\(String(repeating: "a", count: 63))…\""),
    (String(repeating: "é", count: 63), "\"\(String(repeating: "é", count: 63))\""),
    (String(repeating: "é", count: 64), "\"\(String(repeating: "é", count: 63))…\""),
    ("a\tb\u{7F}", "\"a\\u{9}b\\u{7f}\""), ("a\u{200B}b\u{2028}", "\"a\\u{200b}b\\u{2028}\""),
  ])
  func aTextIsOnOneLineAndNoLongerThanAName(_ text: String, _ expected: String) {
    #expect(quoted(text) == expected)
  }
}
