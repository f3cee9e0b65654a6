/// A pull reader over the bytes of one JSON document (RFC 8259). It checks all it passes — structure, depth, UTF-8,
/// escapes, numbers — and copies nothing: values that are not looked at are skipped, values that matter are kept as
/// slices. Where a key comes twice the caller sees both; taking the last is what Kubernetes does.
///
/// ```swift
/// var reader = JSONReader(bytes)
/// try reader.beginObject()
/// while let key = try reader.nextKey() {
///   if reader.matches(key, "name") { name = reader.text(try reader.string()) } else { try reader.skip() }
/// }
/// try reader.end()
/// ```
public struct JSONReader: Sendable {
  /// How deep values may nest. Kubernetes' own objects stay under 30.
  public static let maximumDepth = 200

  /// The whole document.
  public let bytes: [UInt8]
  /// The byte offset of what is read next.
  public private(set) var position: Int
  private let limit: Int
  private var depth = 0
  /// Whether the next member or element is the first of its container, which no comma precedes.
  private var isFirst = true

  /// Reads a document from its first byte.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    limit = bytes.count
  }

  /// Reads one value of a document again.
  public init(_ slice: JSONSlice, of bytes: [UInt8]) {
    self.bytes = bytes
    position = slice.range.lowerBound
    limit = min(slice.range.upperBound, bytes.count)
  }

  // MARK: Containers

  /// Enters an object; read its members with ``nextKey()`` until that returns nil.
  public mutating func beginObject() throws(JSONError) {
    guard try peek() == .object else { throw JSONError(.expected(.object), at: position) }
    try enter()
  }

  /// The next member's key, with the reader before its value, which must be read or skipped; nil at the object's end.
  public mutating func nextKey() throws(JSONError) -> JSONString? {
    guard try hasNext(before: UInt8(ascii: "}")) else { return nil }
    guard try peekByte() == UInt8(ascii: "\"") else { throw JSONError(.expected(.string), at: position) }
    let key = try string()
    guard try peekByte() == UInt8(ascii: ":") else { throw unexpected() }
    position += 1
    return key
  }

  /// Enters an array; read its elements while ``nextElement()`` returns true.
  public mutating func beginArray() throws(JSONError) {
    guard try peek() == .array else { throw JSONError(.expected(.array), at: position) }
    try enter()
  }

  /// Whether there is another element, with the reader before it; false at the array's end.
  public mutating func nextElement() throws(JSONError) -> Bool {
    try hasNext(before: UInt8(ascii: "]"))
  }

  private mutating func enter() throws(JSONError) {
    guard depth < Self.maximumDepth else { throw JSONError(.tooDeep(limit: Self.maximumDepth), at: position) }
    depth += 1
    position += 1
    isFirst = true
  }

  private mutating func hasNext(before close: UInt8) throws(JSONError) -> Bool {
    let byte = try peekByte()
    if byte == close {
      position += 1
      depth -= 1
      isFirst = false
      return false
    }
    if isFirst {
      isFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw unexpected() }
      position += 1
      guard try peekByte() != close else { throw unexpected() }
    }
    return true
  }

  // MARK: Values

  /// What kind of value comes next.
  public mutating func peek() throws(JSONError) -> JSONKind {
    switch try peekByte() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw unexpected()
    }
  }

  /// Checks the next value and keeps where it stands.
  public mutating func value() throws(JSONError) -> JSONSlice {
    let kind = try peek()
    let start = position
    switch kind {
    case .object:
      try beginObject()
      while try nextKey() != nil { try skip() }
    case .array:
      try beginArray()
      while try nextElement() { try skip() }
    case .string: _ = try string()
    case .number: try skipNumber()
    case .bool: _ = try bool()
    case .null: try literal("null")
    }
    return JSONSlice(range: start..<position, kind: kind)
  }

  /// Checks the next value and goes past it.
  public mutating func skip() throws(JSONError) {
    _ = try value()
  }

  /// The next value, which must be a string.
  public mutating func string() throws(JSONError) -> JSONString {
    guard try peekByte() == UInt8(ascii: "\"") else { throw JSONError(.expected(.string), at: position) }
    position += 1
    return try skipString()
  }

  /// The next value, which must be `true` or `false`.
  public mutating func bool() throws(JSONError) -> Bool {
    guard try peek() == .bool else { throw JSONError(.expected(.bool), at: position) }
    let isTrue = bytes[position] == UInt8(ascii: "t")
    try literal(isTrue ? "true" : "false")
    return isTrue
  }

  /// The next value, which must be a whole number that fits an `Int`.
  public mutating func integer() throws(JSONError) -> Int {
    guard try peek() == .number else { throw JSONError(.expected(.number), at: position) }
    let start = position
    try skipNumber()
    var result = 0
    let isNegative = bytes[start] == UInt8(ascii: "-")
    for index in (isNegative ? start + 1 : start)..<position {
      let digit = bytes[index]
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else {
        throw JSONError(.numberOutOfRange, at: start)
      }
      let (tens, overflow) = result.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.subtractingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw JSONError(.numberOutOfRange, at: start) }
      result = sum
    }
    guard !isNegative else { return result }
    guard result != Int.min else { throw JSONError(.numberOutOfRange, at: start) }
    return -result
  }

  /// Goes past `null` where that is the next value.
  /// - Returns: whether it was.
  public mutating func null() throws(JSONError) -> Bool {
    guard try peek() == .null else { return false }
    try literal("null")
    return true
  }

  /// Checks that nothing but white space follows.
  public mutating func end() throws(JSONError) {
    skipWhitespace()
    guard position == limit else { throw JSONError(.trailingBytes, at: position) }
  }

  // MARK: Bytes

  private func unexpected() -> JSONError {
    position < limit ? JSONError(.unexpectedByte(bytes[position]), at: position) : JSONError(.unexpectedEnd, at: limit)
  }

  private mutating func skipWhitespace() {
    position = Self.whitespaceEnd(bytes.span, from: position, limit: limit)
  }

  private static func whitespaceEnd(_ span: Span<UInt8>, from start: Int, limit: Int) -> Int {
    var index = start
    while index < limit, span[index] == 0x20 || span[index] == 0x0A || span[index] == 0x0D || span[index] == 0x09 {
      index += 1
    }
    return index
  }

  private mutating func peekByte() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard position < limit else { throw JSONError(.unexpectedEnd, at: limit) }
    return bytes[position]
  }

  private mutating func literal(_ text: StaticString) throws(JSONError) {
    for expected in text.description.utf8 {
      guard position < limit, bytes[position] == expected else { throw unexpected() }
      position += 1
    }
  }

  private mutating func skipNumber() throws(JSONError) {
    position = try Self.numberEnd(bytes.span, from: position, limit: limit)
  }

  private static func numberEnd(_ span: Span<UInt8>, from start: Int, limit: Int) throws(JSONError) -> Int {
    func digits(from start: Int) -> Int {
      var index = start
      while index < limit, span[index] >= UInt8(ascii: "0"), span[index] <= UInt8(ascii: "9") { index += 1 }
      return index
    }
    let whole = span[start] == UInt8(ascii: "-") ? start + 1 : start
    var index = digits(from: whole)
    guard index > whole, span[whole] != UInt8(ascii: "0") || index == whole + 1 else {
      throw JSONError(.invalidNumber, at: start)
    }
    if index < limit, span[index] == UInt8(ascii: ".") {
      let fraction = index + 1
      index = digits(from: fraction)
      guard index > fraction else { throw JSONError(.invalidNumber, at: start) }
    }
    if index < limit, span[index] | 0x20 == UInt8(ascii: "e") {
      var exponent = index + 1
      if exponent < limit, span[exponent] == UInt8(ascii: "+") || span[exponent] == UInt8(ascii: "-") { exponent += 1 }
      index = digits(from: exponent)
      guard index > exponent else { throw JSONError(.invalidNumber, at: start) }
    }
    return index
  }

  /// From after the opening quote to after the closing one.
  private mutating func skipString() throws(JSONError) -> JSONString {
    let string = try Self.scanString(bytes.span, from: position, limit: limit)
    position = string.range.upperBound + 1
    return string
  }

  private static func scanString(_ span: Span<UInt8>, from start: Int, limit: Int) throws(JSONError) -> JSONString {
    var index = start
    var hasEscapes = false
    while index < limit {
      let byte = span[index]
      if byte == UInt8(ascii: "\"") {
        return JSONString(range: start..<index, hasEscapes: hasEscapes)
      } else if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        index = try skipEscape(span, at: index, limit: limit)
      } else if byte < 0x20 {
        throw JSONError(.controlCharacterInString, at: index)
      } else if byte < 0x80 {
        index += 1
      } else {
        let length = utf8Length(span, at: index, limit: limit)
        guard length > 0 else { throw JSONError(.invalidUTF8, at: index) }
        index += length
      }
    }
    throw JSONError(.unexpectedEnd, at: limit)
  }

  private static func skipEscape(_ span: Span<UInt8>, at start: Int, limit: Int) throws(JSONError) -> Int {
    guard start + 1 < limit else { throw JSONError(.unexpectedEnd, at: limit) }
    switch span[start + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return start + 2
    case UInt8(ascii: "u"):
      guard start + 5 < limit else { throw JSONError(.unexpectedEnd, at: limit) }
      for index in (start + 2)...(start + 5) {
        guard hexDigit(span[index]) != nil else { throw JSONError(.invalidEscape, at: start) }
      }
      return start + 6
    default: throw JSONError(.invalidEscape, at: start)
    }
  }

  /// The length of the well-formed multi-byte sequence at `start` (Unicode Standard, table 3-7), or 0.
  private static func utf8Length(_ span: Span<UInt8>, at start: Int, limit: Int) -> Int {
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch span[start] {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xE1...0xEC, 0xEE...0xEF: (3, 0x80...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0x80...0xBF)
      }
    guard length > 0, start + length <= limit, second.contains(span[start + 1]) else { return 0 }
    var index = start + 2
    while index < start + length {
      guard span[index] & 0xC0 == 0x80 else { return 0 }
      index += 1
    }
    return length
  }

  static func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
