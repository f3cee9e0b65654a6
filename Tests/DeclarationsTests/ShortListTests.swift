import Declarations
import Testing

/// A list of plain names on one line is read without YAML's parser, and must be read as the parser would. A line end makes
/// no difference to what a text says, but the parser reads it then.
struct ShortListTests {
  @Test(arguments: [
    "orders", "orders, billing", "orders billing", "orders,billing", "a - b", "a -b, c-d", "a,, b", "a , b", "1", "1_0",
    "null", "Null", "NULL", "null, a", "true", "no", "n", "nul", "_", "-", "-a", "a-", "- a", "---", "a ---", "a, ",
    " a",
    ",a", "", " ", "~", "a ~", "a: b", "a #b", "a#b", "ä", "a\u{301}", "a\tb", "a\nb", "a\r\nb", "%a", "&a b", "*a",
  ])
  func aListSaysTheSameAsWithALineEnd(_ text: String) {
    expectTheSame(text)
  }

  @Test func anyListOfSuchSignsSaysTheSame() {
    var random = Chance(state: 20_261_128)
    let signs = ["a", "Z", "0", "_", "-", ",", " ", "null", "~", ":", "#"]
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 1...7, using: &random)).compactMap { _ in signs.randomElement(using: &random) }
      expectTheSame(text.joined())
    }
  }

  private func expectTheSame(_ text: String, _ location: SourceLocation = #_sourceLocation) {
    for key in ["users", "databases"] {
      let (short, long) = (parse([key: text]), parse([key: text + "\n"]))
      #expect(short.declaration == long.declaration, "\(key): \(text)", sourceLocation: location)
      #expect(short.errors == long.errors, "\(key): \(text)", sourceLocation: location)
      #expect(short.warnings == long.warnings, "\(key): \(text)", sourceLocation: location)
    }
  }
}
