/// Searches for ASCII text byte by byte. `contains(_:)` and `firstRange(of:)` compare characters, which took three
/// hundred thousand instructions a review.
extension StringProtocol {
  /// Where the text begins in this one; nil where it does not occur.
  func firstIndex(ofASCII text: String) -> Index? {
    guard let first = text.utf8.first else { return startIndex }
    var rest = utf8[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: text.utf8) { return start }
      rest = rest.dropFirst()
    }
    return nil
  }

  /// Whether the text occurs in this one.
  func contains(ascii text: String) -> Bool { firstIndex(ofASCII: text) != nil }
}
