import NIOCore

/// Bytes that come in any pieces, as lines.
struct LineSplitter {
  /// A line is longer than it may be.
  struct TooLong: Error {}

  let limit: Int
  /// What has come of the line that has no end yet.
  private var pending: [UInt8] = []
  /// Whole lines not yet taken, from `next` on.
  private var lines: [[UInt8]] = []
  private var next = 0

  init(limit: Int) { self.limit = limit }

  /// The next line that is not empty, without its end.
  mutating func takeLine() -> [UInt8]? {
    guard next < lines.count else { return nil }
    defer { next += 1 }
    return lines[next]
  }

  /// Takes a piece in, after all lines have been taken.
  mutating func append(_ piece: ByteBuffer) throws(TooLong) {
    lines.removeAll(keepingCapacity: true)
    next = 0
    var rest = piece.readableBytesView[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      try extend(rest[..<end])
      if !pending.isEmpty { lines.append(pending) }
      pending = []
      rest = rest[(end + 1)...]
    }
    try extend(rest)
  }

  private mutating func extend(_ bytes: ByteBufferView) throws(TooLong) {
    guard pending.count + bytes.count <= limit else { throw TooLong() }
    pending.append(contentsOf: bytes)
  }
}
