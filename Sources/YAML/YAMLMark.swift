/// A place in a YAML text.
package struct YAMLMark: Equatable, Sendable {
  /// From 1.
  package var line: Int
  /// From 1, in Unicode scalars.
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// The place of a byte of a text, counted as libyaml counts: without the byte order mark, and with every line break
  /// of YAML 1.1 (4.2).
  init(ofByte offset: Int, in bytes: some Collection<UInt8>) {
    self.init(line: 1, column: 1)
    var last: Unicode.Scalar?
    for scalar in YAMLEncoding.text(of: Array(bytes.prefix(max(offset, 0)))).unicodeScalars {
      switch scalar {
      case "\n" where last == "\r": break
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": self = YAMLMark(line: line + 1, column: 1)
      default: column += 1
      }
      last = scalar
    }
  }
}
