/// Finds what a user may have meant.
enum Suggestion {
  /// `did you mean "orders"?` where one of the candidates is at most two edits away, and half of it at least stays
  /// as it is, whatever the case of its ASCII letters.
  static func didYouMean(_ text: String, among candidates: [String]) -> String? {
    nearest(to: text, among: candidates).map { "did you mean \(quoted($0))?" }
  }

  /// The same, or else all the candidates: `expected one of lock, drop, keep`.
  static func hint(_ text: String, among candidates: [String]) -> String {
    didYouMean(text, among: candidates) ?? "expected one of \(candidates.joined(separator: ", "))"
  }

  static func nearest(to text: String, among candidates: [String]) -> String? {
    let word = folded(text)
    // A longer word is near to no name, and the distance takes time by the product of the lengths.
    guard word.count <= 100 else { return nil }
    let limit = min(word.count / 2, 2)
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let other = folded(candidate)
      guard abs(other.count - word.count) <= limit else { continue }
      let distance = distance(word, other)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.candidate
  }

  /// Levenshtein's distance: how many scalars must be put in, taken out or replaced.
  private static func distance(_ left: [UInt32], _ right: [UInt32]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let replaced = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      }
    }
    return row[right.count]
  }

  private static func folded(_ text: String) -> [UInt32] {
    text.unicodeScalars.map { $0.value >= 0x41 && $0.value <= 0x5A ? $0.value + 0x20 : $0.value }
  }
}
