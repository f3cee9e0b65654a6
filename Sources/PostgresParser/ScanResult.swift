/// The places of a script's tokens, read from libpg_query's `ScanResult` (`pg_query.proto`). Its field 2 is a token,
/// whose field 1 is the offset of its first byte and field 2 the offset after it. A field with the value 0 is omitted
/// (Protocol Buffers, "Encoding").
struct ScanResult {
  private(set) var ranges: [Range<Int>] = []

  /// Nil where the bytes are not such a result.
  init?(_ bytes: [UInt8]) {
    var message = ProtobufReader(bytes, in: bytes.indices)
    while let field = message.next() {
      guard case (2, .bytes(let range)) = field else { continue }
      var token = ProtobufReader(bytes, in: range)
      var (start, end) = (0, 0)
      while let field = token.next() {
        switch field {
        case (1, .number(let number)): start = Int(clamping: number)
        case (2, .number(let number)): end = Int(clamping: number)
        default: break
        }
      }
      guard !token.isBroken, start <= end else { return nil }
      ranges.append(start..<end)
    }
    guard !message.isBroken else { return nil }
  }
}

/// Reads the fields of one message: numbers and byte strings, which are all that a `ScanResult` contains.
struct ProtobufReader {
  enum Value {
    case number(UInt64)
    /// Where the bytes are.
    case bytes(Range<Int>)
  }

  private let bytes: [UInt8]
  private var index: Int
  private let end: Int
  private(set) var isBroken = false

  /// A message that is a part of these bytes.
  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    index = range.lowerBound
    end = range.upperBound
  }

  /// The next field's number and value; nil at the end, or where the bytes are not a field.
  mutating func next() -> (Int, Value)? {
    guard index < end, !isBroken else { return nil }
    guard let tag = varint(), let value = varint() else { return fail() }
    switch tag & 7 {
    case 0: return (Int(clamping: tag >> 3), .number(value))
    case 2 where value <= UInt64(end - index):
      let start = index
      index += Int(value)
      return (Int(clamping: tag >> 3), .bytes(start..<index))
    default: return fail()
    }
  }

  private mutating func fail() -> (Int, Value)? {
    isBroken = true
    return nil
  }

  /// Seven bits per byte, the lowest first. The eighth bit says that more bytes follow.
  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while index < end, shift < 64 {
      let byte = bytes[index]
      index += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }
}
