extension PostgresParser {
  /// The most `+` or `/*` that a run of operator characters may contain.
  package static let maximumSigns = 64

  /// The line, from 1, that contains more of them. PostgreSQL's scanner reads the whole run once for each of them (its
  /// `scan.l`: `operator`, `xcstart`), which takes minutes for a text that fits into an annotation.
  package static func lineOfEndlessSigns(in script: String) -> Int? {
    var (line, signs, previous) = (1, 0, UInt8(0))
    let bytes = script.utf8Span.span
    for index in bytes.indices {
      let byte = bytes[index]
      if !isOperator(byte) { signs = 0 }
      if byte == UInt8(ascii: "+") || (byte == UInt8(ascii: "*") && previous == UInt8(ascii: "/")) { signs += 1 }
      guard signs <= maximumSigns else { return line }
      if byte == 0x0D || byte == 0x0A && previous != 0x0D { line += 1 }
      previous = byte
    }
    return nil
  }

  /// Whether a script holds a NUL, at which the library would take it to end.
  static func hasNUL(_ script: String) -> Bool {
    let bytes = script.utf8Span.span
    for index in bytes.indices where bytes[index] == 0 { return true }
    return false
  }

  /// `op_chars` of PostgreSQL's `scan.l`.
  private static func isOperator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "^"),
      UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "`"), UInt8(ascii: "?"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "%"), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "="):
      true
    default: false
    }
  }
}
