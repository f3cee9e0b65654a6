internal import CVector

/// Finds where values end, and checks them at the same time. It works only on a span and offsets, in loops that call no
/// function per byte or value, because no decision depends on most of a review.
enum JSONScanner {
  /// Whether the index is within the span. It is written as the span's own check, so that the compiler checks only
  /// once.
  @inline(__always)
  private static func has(_ span: Span<UInt8>, _ index: Int) -> Bool {
    UInt(bitPattern: index) < UInt(bitPattern: span.count)
  }

  /// The byte at an offset, which must be there.
  @inline(__always)
  static func byte(_ span: Span<UInt8>, at index: Int) throws(JSONError) -> UInt8 {
    guard has(span, index) else { throw JSONError(.unexpectedEnd, at: span.count) }
    return span[index]
  }

  /// The offset after a value, from its first byte.
  @inline(__always)
  static func valueEnd(_ span: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    let end = unsafe span.withUnsafeBufferPointer { bytes in
      guard let first = bytes.baseAddress, start >= 0 else { return -1 }
      return unsafe postern_plain_value_end(first, bytes.count, start)
    }
    return end >= 0 ? end : try anyValueEnd(span, from: start)
  }

  /// As ``valueEnd(_:from:)``, for every way to write it. There is no recursion, so the depth is not limited.
  @inline(never)
  static func anyValueEnd(_ span: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    var index = start
    // The containers that are open, with one bit for each, the innermost lowest: whether it is an object. A 1 is above
    // the outermost. Where they are too many for a word, the word goes to the outer ones, and another one begins.
    var open: UInt64 = 1
    var outer: [UInt64] = []
    while true {
      // A value must begin here.
      guard has(span, index) else { throw JSONError(.unexpectedEnd, at: span.count) }
      let first = span[index]
      switch first {
      case UInt8(ascii: "\""): index = try stringEnd(span, from: index &+ 1)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let isObject = first == UInt8(ascii: "{")
        index = whitespaceEnd(span, from: index &+ 1)
        // In ASCII, each closing bracket is two above its opening one.
        if has(span, index), span[index] == first &+ 2 {
          index &+= 1
        } else {
          if open >> 63 == 1 {
            outer.append(open)
            open = 1
          }
          open = open << 1 | (isObject ? 1 : 0)
          if isObject { index = try memberValue(span, from: index) }
          continue
        }
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        index = try numberEnd(span, from: index)
      case UInt8(ascii: "t"): index = try literalEnd(span, from: index, "true")
      case UInt8(ascii: "f"): index = try literalEnd(span, from: index, "false")
      case UInt8(ascii: "n"): index = try literalEnd(span, from: index, "null")
      default: throw unexpected(span, at: index)
      }
      // A value has ended: its container continues or ends.
      while true {
        if open == 1 {
          guard let more = outer.popLast() else { return index }
          open = more
        }
        index = whitespaceEnd(span, from: index)
        guard has(span, index) else { throw JSONError(.unexpectedEnd, at: span.count) }
        let byte = span[index]
        let isObject = open & 1 == 1
        if byte == UInt8(ascii: ",") {
          index = whitespaceEnd(span, from: index &+ 1)
          if isObject { index = try memberValue(span, from: index) }
          break
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw unexpected(span, at: index) }
        open >>= 1
        index &+= 1
      }
    }
  }

  /// The offset of a member's value, from its key.
  @inline(__always)
  private static func memberValue(_ span: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    guard has(span, start), span[start] == UInt8(ascii: "\"") else { throw noKey(span, at: start) }
    let colon = whitespaceEnd(span, from: try stringEnd(span, from: start &+ 1))
    guard has(span, colon), span[colon] == UInt8(ascii: ":") else { throw unexpected(span, at: colon) }
    return whitespaceEnd(span, from: colon &+ 1)
  }

  @inline(never)
  private static func noKey(_ span: Span<UInt8>, at index: Int) -> JSONError {
    !has(span, index) || span[index] == UInt8(ascii: "}")
      ? unexpected(span, at: index) : JSONError(.expected(.string), at: index)
  }

  /// Kubernetes writes no white space, so usually one look is enough.
  @inline(__always)
  static func whitespaceEnd(_ span: Span<UInt8>, from start: Int) -> Int {
    has(span, start) && span[start] > 0x20 ? start : whitespaceRunEnd(span, from: start)
  }

  @inline(never)
  private static func whitespaceRunEnd(_ span: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while has(span, index), span[index] == 0x20 || span[index] == 0x0A || span[index] == 0x0D || span[index] == 0x09 {
      index &+= 1
    }
    return index
  }

  static func literalEnd(_ span: Span<UInt8>, from start: Int, _ text: StaticString) throws(JSONError) -> Int {
    let expected = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for offset in 0..<expected.count {
      guard has(span, start &+ offset), unsafe span[start &+ offset] == expected[offset] else {
        throw unexpected(span, at: start &+ offset)
      }
    }
    return start &+ expected.count
  }

  @inline(never)
  static func unexpected(_ span: Span<UInt8>, at index: Int) -> JSONError {
    has(span, index) ? JSONError(.unexpectedByte(span[index]), at: index) : JSONError(.unexpectedEnd, at: span.count)
  }

  static func numberEnd(_ span: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    func digits(from start: Int) -> Int {
      var index = start
      while has(span, index), span[index] >= UInt8(ascii: "0"), span[index] <= UInt8(ascii: "9") { index &+= 1 }
      return index
    }
    let whole = span[start] == UInt8(ascii: "-") ? start + 1 : start
    var index = digits(from: whole)
    guard index > whole, span[whole] != UInt8(ascii: "0") || index == whole + 1 else {
      throw JSONError(.invalidNumber, at: start)
    }
    if has(span, index), span[index] == UInt8(ascii: ".") {
      let fraction = index + 1
      index = digits(from: fraction)
      guard index > fraction else { throw JSONError(.invalidNumber, at: start) }
    }
    if has(span, index), span[index] | 0x20 == UInt8(ascii: "e") {
      var exponent = index + 1
      if has(span, exponent), span[exponent] == UInt8(ascii: "+") || span[exponent] == UInt8(ascii: "-") {
        exponent += 1
      }
      index = digits(from: exponent)
      guard index > exponent else { throw JSONError(.invalidNumber, at: start) }
    }
    return index
  }

  /// Reads `,"key":`, or the same without the comma: a key without escapes and without white space around it; nil for any
  /// other.
  @inline(__always)
  static func plainKey(_ span: Span<UInt8>, from start: Int, isFirst: Bool) -> JSONString? {
    let quote = isFirst ? start : start &+ 1
    guard has(span, start), has(span, quote), isFirst || span[start] == UInt8(ascii: ","),
      span[quote] == UInt8(ascii: "\"")
    else { return nil }
    let end = plainEnd(span, from: quote &+ 1)
    guard has(span, end), has(span, end &+ 1), span[end] == UInt8(ascii: "\""), span[end &+ 1] == UInt8(ascii: ":")
    else { return nil }
    return JSONString(range: quote &+ 1..<end, hasEscapes: false)
  }

  /// Reads a string, from after its opening quote.
  @inline(__always)
  static func string(_ span: Span<UInt8>, from start: Int) throws(JSONError) -> JSONString {
    let end = plainEnd(span, from: start)
    if has(span, end), span[end] == UInt8(ascii: "\"") { return JSONString(range: start..<end, hasEscapes: false) }
    return try rest(span, of: start, from: end)
  }

  /// The offset after a string's closing quote, from after its opening one.
  @inline(__always)
  private static func stringEnd(_ span: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    let end = plainEnd(span, from: start)
    if has(span, end), span[end] == UInt8(ascii: "\"") { return end &+ 1 }
    return try rest(span, of: start, from: end).range.upperBound &+ 1
  }

  /// Reads a string that has bytes other than plain ASCII.
  @inline(never)
  private static func rest(
    _ span: Span<UInt8>, of start: Int, from special: Int
  ) throws(JSONError) -> JSONString {
    var index = special
    var hasEscapes = false
    while has(span, index) {
      let byte = span[index]
      if byte == UInt8(ascii: "\"") {
        return JSONString(range: start..<index, hasEscapes: hasEscapes)
      } else if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        index = try escapeEnd(span, at: index)
      } else if byte < 0x20 {
        throw JSONError(.controlCharacterInString, at: index)
      } else {
        let length = utf8Length(span, at: index)
        guard length > 0 else { throw JSONError(.invalidUTF8, at: index) }
        index &+= length
      }
      unsafe span.withUnsafeBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return }
        unsafe index &+= postern_escaped_prefix(start + index, bytes.count &- index, &hasEscapes)
      }
    }
    throw JSONError(.unexpectedEnd, at: span.count)
  }

  /// The offset of the first byte that does not stand for itself: a quote, a backslash, a control character, or not
  /// ASCII. Sixteen bytes are compared together; most keys and values are shorter, so that one look is enough.
  @inline(__always)
  static func plainEnd(_ span: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index >= 0, index &+ 16 <= span.count {
      let plain = unsafe span.withUnsafeBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return 0 }
        return unsafe postern_plain_prefix(start + index)
      }
      index &+= plain
      if plain < 16 { return index }
    }
    return lastPlainEnd(span, from: index)
  }

  /// As ``plainEnd(_:from:)``, in a document's last bytes.
  @inline(never)
  private static func lastPlainEnd(_ span: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while has(span, index), postern_is_plain_byte(span[index]) { index &+= 1 }
    return index
  }

  private static func escapeEnd(_ span: Span<UInt8>, at start: Int) throws(JSONError) -> Int {
    guard start + 1 < span.count else { throw JSONError(.unexpectedEnd, at: span.count) }
    if postern_is_short_escape(span[start + 1]) { return start + 2 }
    guard span[start + 1] == UInt8(ascii: "u") else { throw JSONError(.invalidEscape, at: start) }
    guard start + 5 < span.count else { throw JSONError(.unexpectedEnd, at: span.count) }
    for index in (start + 2)...(start + 5) {
      guard hexDigit(span[index]) != nil else { throw JSONError(.invalidEscape, at: start) }
    }
    return start + 6
  }

  /// The length of the well-formed multi-byte sequence at `start` (Unicode Standard, table 3-7), or 0.
  private static func utf8Length(_ span: Span<UInt8>, at start: Int) -> Int {
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
    guard length > 0, start + length <= span.count, second.contains(span[start + 1]) else { return 0 }
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
