/// The words of one statement that are or could be keywords: unquoted, in lower case, and outside of all parentheses. A
/// quoted name is an empty word.
package struct SQLWords: Equatable, Sendable {
  /// In order.
  package private(set) var words: [String] = []
  /// The offset in the script of the statement's first byte.
  package let start: Int

  /// Splits at each `;` outside of parentheses, as the grammar does. Only the statements in the bodies of SQL-standard
  /// routines come out separately.
  static func statements(of script: [UInt8], _ tokens: [Range<Int>]) -> [SQLWords] {
    var statements: [SQLWords] = []
    var current: SQLWords?
    var depth = 0
    for range in tokens {
      let text = script[range]
      guard let first = text.first else { continue }
      let sign = text.count == 1 ? first : nil
      if depth == 0, sign == UInt8(ascii: ";") {
        if let current { statements.append(current) }
        current = nil
        continue
      }
      if current == nil { current = SQLWords(start: range.lowerBound) }
      if sign == UInt8(ascii: "(") { depth += 1 }
      if sign == UInt8(ascii: ")") { depth = max(0, depth - 1) }
      guard depth == 0 else { continue }
      if first & 0xDF >= 0x41, first & 0xDF <= 0x5A {
        current?.words.append(String(decoding: text, as: UTF8.self).lowercased())
      } else if first == UInt8(ascii: "\"") {
        current?.words.append("")
      }
    }
    if let current { statements.append(current) }
    return statements
  }

  private init(start: Int) {
    self.start = start
  }
}
