import JSONBytes
import KubernetesAPI

extension JSONReader {
  /// Reads an array's elements; none where it is null.
  /// - Returns: whether there was an array.
  mutating func elements(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) -> Bool {
    guard try !null() else { return false }
    try beginArray()
    while try nextElement() { try body(&self) }
    return true
  }

  /// The next value, which must be an array, as its place; nil where it is null.
  mutating func optionalArray() throws(JSONError) -> JSONSlice? {
    guard try !null() else { return nil }
    guard try peek() == .array else { throw JSONError(.expected(.array), at: position) }
    return try value()
  }

  /// The next value, which must be a whole number; nil where it is null.
  mutating func optionalInteger() throws(JSONError) -> Int? {
    try null() ? nil : try integer()
  }

  /// The next value, which must be true or false; false where it is null.
  mutating func optionalBool() throws(JSONError) -> Bool {
    try null() ? false : try bool()
  }
}
