/// Levenshtein's distance: how many signs must be inserted, deleted or replaced; nil where it is over the limit.
/// Only cells near the diagonal are computed, because a path that leaves them is longer than the limit (Ukkonen 1985,
/// "Algorithms for Approximate String Matching").
@inlinable package func editDistance<Sign: Equatable>(_ left: [Sign], _ right: [Sign], atMost limit: Int) -> Int? {
  guard abs(left.count - right.count) <= limit else { return nil }
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    let first = max(0, i - limit)
    var diagonal = row[first]
    row[first] = first == 0 ? i + 1 : limit + 1
    var least = row[first]
    for j in first..<min(right.count, i + limit + 1) {
      let replaced = diagonal + (a == right[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      least = min(least, row[j + 1])
    }
    guard least <= limit else { return nil }
  }
  return row[right.count] <= limit ? row[right.count] : nil
}
