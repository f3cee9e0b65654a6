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
    position = try JSONScanner.valueEnd(bytes.span.extracting(first: limit), from: start, depth: depth)
    return JSONSlice(range: start..<position, kind: kind)
  }

  /// Checks the next value and goes past it.
  public mutating func skip() throws(JSONError) {
    skipWhitespace()
    position = try JSONScanner.valueEnd(bytes.span.extracting(first: limit), from: position, depth: depth)
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

  private func unexpected() -> JSONError { JSONScanner.unexpected(bytes.span.extracting(first: limit), at: position) }

  @inline(__always)
  private mutating func skipWhitespace() {
    position = JSONScanner.whitespaceEnd(bytes.span.extracting(first: limit), from: position)
  }

  @inline(__always)
  private mutating func peekByte() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard position < limit else { throw JSONError(.unexpectedEnd, at: limit) }
    return bytes[position]
  }

  private mutating func literal(_ text: String) throws(JSONError) {
    position = try JSONScanner.literalEnd(bytes.span.extracting(first: limit), from: position, text)
  }

  private mutating func skipNumber() throws(JSONError) {
    position = try JSONScanner.numberEnd(bytes.span.extracting(first: limit), from: position)
  }

  /// From after the opening quote to after the closing one.
  @inline(__always)
  private mutating func skipString() throws(JSONError) -> JSONString {
    let string = try JSONScanner.string(bytes.span.extracting(first: limit), from: position)
    position = string.range.upperBound + 1
    return string
  }
}
