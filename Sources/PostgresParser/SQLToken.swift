/// A token of a script.
package struct SQLToken: Equatable, Sendable {
  /// A word in lower case; a number or a sign unchanged; empty for quoted text.
  package let text: String
  /// The offset of its first byte in the script.
  package let start: Int
}

extension PostgresParser {
  /// All tokens of a script, without comments; nil where the scanner refuses the script.
  package static func allTokens(of script: String) -> [SQLToken]? {
    guard SQLSyntaxError(nulIn: script) == nil, let (bytes, tokens) = scan(script) else { return nil }
    return tokens.compactMap { range in
      let text = bytes[range]
      guard let first = text.first else { return nil }
      let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "$") || text.last == UInt8(ascii: "'")
      return SQLToken(
        text: isQuoted ? "" : String(decoding: text, as: UTF8.self).lowercased(), start: range.lowerBound)
    }
  }
}
