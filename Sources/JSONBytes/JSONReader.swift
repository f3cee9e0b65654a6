/// A pull reader over the bytes of one JSON document (RFC 8259). It checks everything that it passes (structure, depth,
/// UTF-8, escapes, numbers) and copies nothing: the caller skips values that it does not need, and keeps the others as
/// slices. If a key occurs twice, the caller sees both; Kubernetes takes the last.
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
  /// How deeply containers may be nested that are entered. Kubernetes' own objects stay below 30. Values that are
  /// skipped, or kept as slices, may be nested to any depth.
  package static let maximumDepth = 200

  /// The whole document. Values are read from all of it, because a value that was checked ends by itself.
  package let bytes: [UInt8]
  private let limit: Int
  private var cursor: JSONCursor

  /// Reads a document from its first byte.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    limit = bytes.count
    cursor = JSONCursor(at: 0)
  }

  /// Reads one value of a document again.
  package init(_ slice: JSONSlice, of bytes: [UInt8]) {
    self.bytes = bytes
    limit = min(slice.range.upperBound, bytes.count)
    cursor = JSONCursor(at: slice.range.lowerBound)
  }

  /// The byte offset of what is read next.
  package var position: Int { cursor.position }

  // MARK: Containers

  /// Enters an object; read its members with ``nextKey()`` until that returns nil.
  package mutating func beginObject() throws(JSONError) {
    try begin(UInt8(ascii: "{"), .object)
  }

  /// The next member's key, with the reader before its value, which must be read or skipped; nil at the object's end.
  package mutating func nextKey() throws(JSONError) -> JSONString? {
    var next = cursor
    let key = try next.nextKey(bytes.span)
    cursor = next
    return key
  }

  /// Enters an array; read its elements while ``nextElement()`` returns true.
  package mutating func beginArray() throws(JSONError) {
    try begin(UInt8(ascii: "["), .array)
  }

  /// Whether there is another element, with the reader before it; false at the array's end.
  package mutating func nextElement() throws(JSONError) -> Bool {
    var next = cursor
    let hasNext = try next.hasNext(bytes.span, before: UInt8(ascii: "]"))
    cursor = next
    return hasNext
  }

  // MARK: Values

  /// What kind of value comes next.
  package mutating func peek() throws(JSONError) -> JSONKind {
    var next = cursor
    let kind = try next.peek(bytes.span)
    cursor = next
    return kind
  }

  /// Checks the next value and returns its place.
  package mutating func value() throws(JSONError) -> JSONSlice {
    let kind = try peek()
    let start = position
    try skip()
    return JSONSlice(range: start..<position, kind: kind)
  }

  /// Checks the next value and moves past it.
  package mutating func skip() throws(JSONError) {
    var next = cursor
    try next.skip(bytes.span)
    cursor = next
  }

  /// The next value, which must be a string.
  package mutating func string() throws(JSONError) -> JSONString {
    var next = cursor
    let string = try next.string(bytes.span)
    cursor = next
    return string
  }

  /// The next value, which must be `true` or `false`.
  package mutating func bool() throws(JSONError) -> Bool {
    guard try peek() == .bool else { throw JSONError(.expected(.bool), at: position) }
    let isTrue = bytes[position] == UInt8(ascii: "t")
    try literal(isTrue ? "true" : "false")
    return isTrue
  }

  /// The next value, which must be a whole number that fits an `Int`.
  package mutating func integer() throws(JSONError) -> Int {
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

  /// Moves past `null` where that is the next value.
  /// - Returns: whether it was null.
  package mutating func null() throws(JSONError) -> Bool {
    guard try nextByte() == UInt8(ascii: "n") else { return false }
    try literal("null")
    return true
  }

  /// Checks that nothing but white space follows.
  package mutating func end() throws(JSONError) {
    cursor.position = JSONScanner.whitespaceEnd(bytes.span, from: position)
    guard position == limit else { throw JSONError(.trailingBytes, at: position) }
  }

  // MARK: Bytes

  @inline(__always)
  private mutating func begin(_ bracket: UInt8, _ kind: JSONKind) throws(JSONError) {
    guard try nextByte() == bracket else {
      _ = try peek()
      throw JSONError(.expected(kind), at: position)
    }
    try cursor.enter()
  }

  @inline(__always)
  private mutating func nextByte() throws(JSONError) -> UInt8 {
    let start = JSONScanner.whitespaceEnd(bytes.span, from: position)
    cursor.position = start
    return try JSONScanner.byte(bytes.span, at: start)
  }

  private mutating func literal(_ text: StaticString) throws(JSONError) {
    cursor.position = try JSONScanner.literalEnd(bytes.span, from: position, text)
  }

  private mutating func skipNumber() throws(JSONError) {
    cursor.position = try JSONScanner.numberEnd(bytes.span, from: position)
  }
}
