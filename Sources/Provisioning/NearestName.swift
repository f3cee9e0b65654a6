import DatabaseSpec

extension PostgresName {
  /// The name that was probably meant: at most two edits away, with at least half of it unchanged. Case does not count,
  /// and `-` counts as `_`. Names are short, and a server has some hundred extensions.
  func nearest(among names: some Sequence<PostgresName>) -> PostgresName? {
    let wanted = foldedBytes
    let limit = min(wanted.count / 2, 2)
    var best: (name: PostgresName, distance: Int)?
    for name in names {
      guard let distance = editDistance(wanted, name.foldedBytes, atMost: limit) else { continue }
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
}
