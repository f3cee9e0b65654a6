import NIOCore

/// Splits bytes that arrive in pieces of any size into lines. Of a line that is too long, only its length is kept.
struct LineSplitter {
  enum Line: Equatable {
    case whole([UInt8])
    /// The line has more bytes than the limit; this is its length.
    case tooLong(Int)
  }

  private let limit: Int
  /// The part of the unfinished line that has arrived.
  private var pending: [UInt8] = []
  private var pendingBytes = 0
  /// The complete lines of the last piece; those from `next` on have not been taken.
  private var lines: [Line] = []
  private var next = 0

  init(limit: Int) { self.limit = limit }

  /// The next line that is not empty, without its end.
  mutating func takeLine() -> Line? {
    guard next < lines.count else { return nil }
    defer { next += 1 }
    return lines[next]
  }

  /// Adds a piece. All lines must have been taken before.
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
