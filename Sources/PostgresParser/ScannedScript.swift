/// A script and its tokens, as PostgreSQL's scanner finds them.
package struct ScannedScript {
  /// The script.
  package let bytes: [UInt8]
  /// The bytes of each token, without comments.
  package let ranges: [Range<Int>]

  /// All tokens.
  package var tokens: [SQLToken] {
    ranges.compactMap { range in
      let text = bytes[range]
      guard let first = text.first else { return nil }
      let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "$") || text.last == UInt8(ascii: "'")
      return SQLToken(
        text: isQuoted ? "" : String(decoding: text, as: UTF8.self).lowercased(), start: range.lowerBound)
    }
  }
}

/// A token of a script.
package struct SQLToken: Equatable, Sendable {
  /// A word in lower case; a number or a sign unchanged; empty for quoted text.
  package let text: String
  /// The offset of its first byte in the script.
  package let start: Int
}
