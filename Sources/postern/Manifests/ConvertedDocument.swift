import JSONBytes

/// The value of one document of a file.
struct ConvertedDocument {
  let value: JSONValue
  /// The line of the file on which the value begins, from 1.
  let line: Int
  /// The places of values that are not text, by their path.
  let places: [String: ValuePlace]
  /// Whether more follows after `...`, which kubectl does not read.
  let hasMore: Bool
}

/// A place in a file, from 1.
struct ValuePlace: Equatable {
  var line: Int
  var column: Int
}
