internal import CVector

extension JSONReader {
  /// Whether a key or string is exactly this text.
  @inlinable
  public func matches(_ string: JSONString, _ text: StaticString) -> Bool {
    // The caller compares the length, which tells most keys apart, because it knows the literal's length.
    (string.range.upperBound &- string.range.lowerBound == text.utf8CodeUnitCount || string.hasEscapes)
      && isSame(string, text)
  }

  @usableFromInline
  func isSame(_ string: JSONString, _ text: StaticString) -> Bool {
    guard string.hasEscapes else { return holds(text, from: string.range.lowerBound) }
    let expected = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return unsafe self.text(string).utf8.elementsEqual(expected)
  }

  /// Whether a key or string begins with this text.
  package func starts(_ string: JSONString, with text: StaticString) -> Bool {
    guard !string.hasEscapes else {
      let expected = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
      return unsafe self.text(string).utf8.starts(with: expected)
    }
    return string.range.count >= text.utf8CodeUnitCount && holds(text, from: string.range.lowerBound)
  }

  /// Whether a key or string ends with this text.
  package func ends(_ string: JSONString, with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard !string.hasEscapes else {
      let expected = unsafe UnsafeBufferPointer(start: text.utf8Start, count: count)
      return unsafe self.text(string).utf8.suffix(count).elementsEqual(expected)
    }
    return string.range.count >= count && holds(text, from: string.range.upperBound - count)
  }

  /// Whether this text stands at an offset.
  @inline(__always)
  private func holds(_ text: StaticString, from start: Int) -> Bool {
    guard start >= 0, start &+ text.utf8CodeUnitCount <= bytes.count else { return false }
    return unsafe bytes.span.withUnsafeBufferPointer { found in
      guard let found = found.baseAddress else { return true }
      return unsafe postern_is_same(found + start, text.utf8Start, text.utf8CodeUnitCount)
    }
  }

  /// The text of a string, with its escapes resolved. A lone surrogate becomes U+FFFD, as in Go's decoder.
  package func text(_ string: JSONString) -> String {
    guard string.hasEscapes else {
      return unsafe bytes.span.extracting(string.range).withUnsafeBufferPointer { text in
        unsafe String(decoding: text, as: UTF8.self)
      }
    }
    var text: [UInt8] = []
    text.reserveCapacity(string.range.count)
    var index = string.range.lowerBound
    while index < string.range.upperBound {
      let plainEnd = min(JSONScanner.plainEnd(bytes.span, from: index), string.range.upperBound)
      if plainEnd > index {
        text.append(contentsOf: bytes[index..<plainEnd])
        index = plainEnd
      } else if bytes[index] == UInt8(ascii: "\\") {
        text.append(contentsOf: unescape(&index, limit: string.range.upperBound).utf8)
      } else {
        text.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// How many bytes the text of a string has as UTF-8.
  package func utf8Count(of string: JSONString) -> Int {
    guard string.hasEscapes else { return string.range.count }
    var count = 0
    var index = string.range.lowerBound
    while index < string.range.upperBound {
      if bytes[index] == UInt8(ascii: "\\") {
        count += unescape(&index, limit: string.range.upperBound).utf8.count
      } else {
        count += 1
        index += 1
      }
    }
    return count
  }

  /// Resolves the escape at `index`, which the reader has checked, and moves past it.
  private func unescape(_ index: inout Int, limit: Int) -> Unicode.Scalar {
    let escaped = bytes[index + 1]
    guard escaped == UInt8(ascii: "u") else {
      index += 2
      switch escaped {
      case UInt8(ascii: "b"): return "\u{08}"
      case UInt8(ascii: "f"): return "\u{0C}"
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "t"): return "\t"
      default: return Unicode.Scalar(escaped)
      }
    }
    let high = codeUnit(at: index + 2)
    index += 6
    if high >= 0xD800, high < 0xDC00, index + 5 < limit, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    {
      let low = codeUnit(at: index + 2)
      if low >= 0xDC00, low < 0xE000 {
        index += 6
        let value = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
      }
    }
    return Unicode.Scalar(UInt32(high)) ?? "\u{FFFD}"
  }

  private func codeUnit(at start: Int) -> UInt16 {
    var unit: UInt16 = 0
    for index in start..<(start + 4) { unit = unit << 4 | (JSONScanner.hexDigit(bytes[index]) ?? 0) }
    return unit
  }
}
