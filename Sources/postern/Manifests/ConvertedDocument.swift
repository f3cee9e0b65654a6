import JSONBytes

/// The value of one document of a file.
struct ConvertedDocument {
  let value: JSONValue
  /// The line of the file that the value begins on, from 1.
  let line: Int
  /// Where values stand that are no text, by their path.
  let places: [String: ValuePlace]
  /// Whether something follows, behind `...`, that kubectl does not read.
  let hasMore: Bool
}

/// A place in a file, from 1.
struct ValuePlace: Equatable {
  let line: Int
  let column: Int
}
