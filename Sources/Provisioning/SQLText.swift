package import DatabaseSpec

/// Text in SQL, quoted as the server's scanner reads it (PostgreSQL docs §4.1.1, §4.1.2.1, §8.15.2). It works on bytes,
/// and assumes `standard_conforming_strings = on`, which is the default.
package enum SQLText {
  /// An identifier in double quotes, with each `"` in it doubled. So its letters keep their case.
  package static func identifier(_ name: PostgresName) -> String {
    quoted(name.text, by: UInt8(ascii: "\""))
  }

  /// The same of a text that is no role's or object's name, such as a parameter's.
  static func identifier(text: String) -> String { quoted(text, by: UInt8(ascii: "\"")) }

  /// A literal in single quotes, with each `'` in it doubled. A backslash stands for itself.
  package static func literal(_ text: String) -> String {
    quoted(text, by: UInt8(ascii: "'"))
  }

  /// The text form of a one-dimensional array, every element quoted.
  package static func array(_ elements: [String]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(UInt8(ascii: "\""))
      for byte in element.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A comment of one line, in which a space stands for what would end it.
  package static func comment(_ text: String) -> String {
    "-- \(String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self))"
  }

  private static func quoted(_ text: String, by quote: UInt8) -> String {
    var bytes: [UInt8] = [quote]
    bytes.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
      if byte == quote { bytes.append(quote) }
      bytes.append(byte)
    }
    bytes.append(quote)
    return String(decoding: bytes, as: UTF8.self)
  }
}
