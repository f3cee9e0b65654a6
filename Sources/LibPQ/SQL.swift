/// How names and texts stand in SQL (PostgreSQL docs §4.1.1, §4.1.2). Neither may hold a NUL: ``Connection`` refuses it.
public enum SQL {
  /// A quoted identifier: `"` around it, those inside doubled. Nothing is folded to lower case.
  public static func quoteIdentifier(_ name: String) -> String {
    quote(name, with: UInt8(ascii: "\""))
  }

  /// A string constant: `'` around it, those inside doubled. With a backslash inside it is an escape string, ` E'…'`
  /// with that doubled too, which means the same whatever `standard_conforming_strings` is.
  public static func quoteLiteral(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return quote(text, with: UInt8(ascii: "'")) }
    return " E" + quote(text, with: UInt8(ascii: "'"), alsoDoubling: UInt8(ascii: "\\"))
  }

  private static func quote(_ text: String, with mark: UInt8, alsoDoubling other: UInt8? = nil) -> String {
    var bytes: [UInt8] = [mark]
    bytes.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
      if byte == mark || byte == other { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(mark)
    return String(decoding: bytes, as: UTF8.self)
  }
}
