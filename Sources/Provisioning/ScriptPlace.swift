/// A line and a column of a script, both from 1. A line ends at LF, at CR, or at both, as the server ends a comment and
/// libpq counts where it shows an error (its `reportErrorPosition`).
package struct ScriptPlace: Equatable, Sendable, CustomStringConvertible {
  package private(set) var line: Int
  package private(set) var column: Int
  private var isAfterReturn = false

  /// The beginning of a script, unless something else is said.
  package init(line: Int = 1, column: Int = 1) {
    self.line = line
    self.column = column
  }

  /// Goes over the next byte of UTF-8.
  package mutating func pass(_ byte: UInt8) {
    defer { isAfterReturn = byte == 0x0D }
    if byte == 0x0A || byte == 0x0D {
      guard byte == 0x0D || !isAfterReturn else { return }
      line += 1
      column = 1
    } else if byte & 0xC0 != 0x80 {
      column += 1
    }
  }

  /// Goes over characters (Unicode scalars), of which a text holds that many or fewer.
  package mutating func pass(characters: Int, of text: String) {
    var left = characters
    for byte in text.utf8 {
      if byte & 0xC0 != 0x80 {
        guard left > 0 else { return }
        left -= 1
      }
      pass(byte)
    }
  }

  /// `line 3, column 14`
  package var description: String { "line \(line), column \(column)" }

  package static func == (left: Self, right: Self) -> Bool { left.line == right.line && left.column == right.column }
}
