/// A reader's position in its document. Each call is given the bytes, so that they are loaded once and stay in
/// registers during the call.
struct JSONCursor {
  /// The byte offset of what is read next.
  var position: Int
  private var depth = 0
  /// Whether the next member or element is the first of its container, so that no comma precedes it.
  private var isFirst = true

  init(at position: Int) {
    self.position = position
  }

  /// Enters the next value, which must be a container.
  mutating func enter() throws(JSONError) {
    guard depth < JSONReader.maximumDepth else {
      throw JSONError(.tooDeep(limit: JSONReader.maximumDepth), at: position)
    }
    depth &+= 1
    position &+= 1
    isFirst = true
  }

  /// Moves to the next member or element, or past the container's end.
  @inline(__always)
  mutating func hasNext(_ span: Span<UInt8>, before close: UInt8) throws(JSONError) -> Bool {
    let byte = try nextByte(span)
    if byte == close {
      position &+= 1
      depth &-= 1
      isFirst = false
      return false
    }
    if isFirst {
      isFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw JSONScanner.unexpected(span, at: position) }
      position &+= 1
      guard try nextByte(span) != close else { throw JSONScanner.unexpected(span, at: position) }
    }
    return true
  }

  /// Reads the next member's key and stops before its value; nil at the object's end.
  @inline(__always)
  mutating func nextKey(_ span: Span<UInt8>) throws(JSONError) -> JSONString? {
    // Kubernetes writes no white space and no escapes in keys.
    if let key = JSONScanner.plainKey(span, from: position, isFirst: isFirst) {
      position = key.range.upperBound &+ 2
      isFirst = false
      return key
    }
    return try otherKey(span)
  }

  /// As ``nextKey(_:)``, for every way to write it.
  @inline(never)
  private mutating func otherKey(_ span: Span<UInt8>) throws(JSONError) -> JSONString? {
    guard try hasNext(span, before: UInt8(ascii: "}")) else { return nil }
    let key = try string(span)
    guard try nextByte(span) == UInt8(ascii: ":") else { throw JSONScanner.unexpected(span, at: position) }
    position &+= 1
    return key
  }

  /// The kind of the next value.
  @inline(__always)
  mutating func peek(_ span: Span<UInt8>) throws(JSONError) -> JSONKind {
    switch try nextByte(span) {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw JSONScanner.unexpected(span, at: position)
    }
  }

  /// Checks the next value and moves past it.
  @inline(__always)
  mutating func skip(_ span: Span<UInt8>) throws(JSONError) {
    position = try JSONScanner.valueEnd(span, from: JSONScanner.whitespaceEnd(span, from: position))
  }

  /// Reads the next value, which must be a string.
  @inline(__always)
  mutating func string(_ span: Span<UInt8>) throws(JSONError) -> JSONString {
    guard try nextByte(span) == UInt8(ascii: "\"") else { throw JSONError(.expected(.string), at: position) }
    let string = try JSONScanner.string(span, from: position &+ 1)
    position = string.range.upperBound &+ 1
    return string
  }

  /// The next byte after white space. It is an error if there is none.
  @inline(__always)
  mutating func nextByte(_ span: Span<UInt8>) throws(JSONError) -> UInt8 {
    position = JSONScanner.whitespaceEnd(span, from: position)
    return try JSONScanner.byte(span, at: position)
  }
}
