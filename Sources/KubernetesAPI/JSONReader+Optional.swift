package import JSONBytes

/// Kubernetes writes `null` for a member that is absent.
extension JSONReader {
  /// The next value's text; nil where it is null.
  package mutating func optionalText() throws(JSONError) -> String? {
    guard try !null() else { return nil }
    let text = try string()
    return self.text(text)
  }

  /// The next value, which must be a string, as its place; nil where it is null.
  package mutating func optionalString() throws(JSONError) -> JSONString? {
    try null() ? nil : try string()
  }

  /// The next value, checked, as its place; nil where it is null.
  package mutating func optionalValue() throws(JSONError) -> JSONSlice? {
    let slice = try value()
    return slice.kind == .null ? nil : slice
  }

  /// Enters the next value if it is an object; otherwise skips it.
  /// - Returns: whether it was entered.
  package mutating func entersObject() throws(JSONError) -> Bool {
    guard try peek() == .object else {
      try skip()
      return false
    }
    try beginObject()
    return true
  }
}
