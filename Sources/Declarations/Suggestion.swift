import DatabaseSpec

/// Finds a name that a user may have meant. A declaration may contain thousands of names and a hundred mistakes, so
/// only a few names are compared, and only as far as they can be similar.
package enum Suggestion {
  /// How many candidates of similar length are compared; later ones are not.
  static let maximumComparisons = 500

  /// `did you mean "orders"?` if a candidate is at most two edits away and at least half of the text stays unchanged.
  /// The case of ASCII letters does not count.
  static func didYouMean(_ text: String, among candidates: some Sequence<String>) -> String? {
    nearest(to: text, among: candidates).map { "did you mean \(quoted($0))?" }
  }

  /// The suggestion, or else all the candidates: `expected one of lock, drop, keep`.
  static func hint(_ text: String, among candidates: [String]) -> String {
    hint(nearest: nearest(to: text, among: candidates), among: candidates)
  }

  /// The same hint for a candidate that was already found.
  static func hint(nearest: String?, among candidates: [String]) -> String {
    nearest.map { "did you mean \(quoted($0))?" } ?? "expected one of \(candidates.joined(separator: ", "))"
  }

  package static func nearest(to text: String, among candidates: some Sequence<String>) -> String? {
    let word = folded(text)
    // A longer word is not similar to any name.
    guard word.count <= 100 else { return nil }
    let limit = min(word.count / 2, 2)
    var best: (candidate: String, distance: Int)?
    var comparisons = 0
    // An edit changes the length by at most one scalar, which has up to four bytes.
    for candidate in candidates where abs(candidate.utf8.count - text.utf8.count) <= 4 * limit {
      guard comparisons < maximumComparisons else { break }
      comparisons += 1
      guard let distance = editDistance(word, folded(candidate), atMost: limit) else { continue }
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.candidate
  }

  private static func folded(_ text: String) -> [UInt32] {
    text.unicodeScalars.map { $0.value >= 0x41 && $0.value <= 0x5A ? $0.value + 0x20 : $0.value }
  }
}
