import DatabaseSpec

extension PostgresName {
  /// The name that was probably meant: at most two edits away, with at least half of it unchanged. Case does not count,
  /// and `-` counts as `_`. Names are short, and a server has some hundred extensions.
  func nearest(among names: some Sequence<PostgresName>) -> PostgresName? {
    let wanted = foldedBytes
    let limit = min(wanted.count / 2, 2)
    var best: (name: PostgresName, distance: Int)?
    for name in names {
      let distance = Self.distance(wanted, name.foldedBytes)
      guard distance <= limit else { continue }
      if let best, (best.distance, best.name) <= (distance, name) { continue }
      best = (name, distance)
    }
    return best?.name
  }

  private var foldedBytes: [UInt8] {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      case UInt8(ascii: "_"): UInt8(ascii: "-")
      default: byte
      }
    }
  }

  /// Levenshtein's distance.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
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
}
