extension String {
  /// Whether a text of ASCII occurs in this one, compared byte by byte. `contains(_:)` compares characters, which took
  /// three hundred thousand instructions a review.
  package func contains(ascii text: String) -> Bool {
    let (bytes, part) = (utf8Span.span, text.utf8Span.span)
    var start = 0
    while start + part.count <= bytes.count {
      var length = 0
      while length < part.count, bytes[start + length] == part[length] { length += 1 }
      if length == part.count { return true }
      start += 1
    }
    return false
  }
}
