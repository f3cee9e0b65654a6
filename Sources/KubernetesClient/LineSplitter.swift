import NIOCore

/// Bytes that come in any pieces, as lines. Of a line that is too long, no more is kept than its length.
struct LineSplitter {
  enum Line: Equatable {
    case whole([UInt8])
    /// It has more bytes than the limit; how many.
    case tooLong(Int)
  }

  private let limit: Int
  /// What has come of the line that has no end yet.
  private var pending: [UInt8] = []
  private var pendingBytes = 0
  /// Lines not yet taken, from `next` on.
  private var lines: [Line] = []
  private var next = 0

  init(limit: Int) { self.limit = limit }

  /// The next line that is not empty, without its end.
  mutating func takeLine() -> Line? {
    guard next < lines.count else { return nil }
    defer { next += 1 }
    return lines[next]
  }

  /// Takes a piece in, after all lines have been taken.
  mutating func append(_ piece: ByteBuffer) {
    lines.removeAll(keepingCapacity: true)
    next = 0
    var rest = piece.readableBytesView[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      extend(rest[..<end])
      if pendingBytes > 0 { lines.append(pendingBytes > limit ? .tooLong(pendingBytes) : .whole(pending)) }
      (pending, pendingBytes) = ([], 0)
      rest = rest[(end + 1)...]
    }
    extend(rest)
  }

  private mutating func extend(_ bytes: ByteBufferView) {
    pendingBytes += bytes.count
    if pendingBytes <= limit { pending.append(contentsOf: bytes) } else { pending = [] }
  }
}
