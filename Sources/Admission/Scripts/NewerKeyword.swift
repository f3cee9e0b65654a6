import Declarations

/// Words that the parser takes for keywords and that are ordinary names for older servers (PostgreSQL docs, appendix C). Only
/// those that cannot be the name of a function or a column any more count.
enum NewerKeyword {
  /// The first version that does not take the word as a name.
  private static let versions = [
    "normalize": 13, "system_user": 16, "json_array": 16, "json_object": 16, "json_arrayagg": 16, "json_objectagg": 16,
    "json": 17, "json_exists": 17, "json_query": 17, "json_scalar": 17, "json_serialize": 17, "json_table": 17,
    "json_value": 17, "merge_action": 17,
  ]

  /// Whether an error may only be due to such a word, which stands at its place or directly before it.
  /// - Parameter position: the character where the parser stopped, from 1.
  static func mayExplain(errorAt position: Int, in sql: String, for server: Int) -> Bool {
    let scalars = sql.unicodeScalars
    let start = scalars.index(scalars.startIndex, offsetBy: max(0, position - 1), limitedBy: scalars.endIndex)
    guard let start else { return false }
    let before = scalars[..<start].reversed().drop(while: \.isWhiteSpace).prefix(while: isOfWord).reversed()
    let words = [Substring.UnicodeScalarView(scalars[start...].prefix(while: isOfWord)), .init(before)]
    return words.contains { versions[String($0).lowercased()].map { $0 > server } ?? false }
  }

  private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
  }
}
