/// Base64 (RFC 4648 §4), padded.
package enum Base64 {
  /// The encoded bytes.
  package static func encoded(_ bytes: [UInt8]) -> String {
    var text = [UInt8](repeating: UInt8(ascii: "="), count: length(bytes))
    encode(bytes, to: &text, at: 0)
    return String(decoding: text, as: UTF8.self)
  }

  /// The encoded bytes as a JSON string, its quotes included.
  package static func quoted(_ bytes: [UInt8]) -> [UInt8] {
    var text = [UInt8](repeating: UInt8(ascii: "="), count: length(bytes) + 2)
    text[0] = UInt8(ascii: "\"")
    text[text.count - 1] = UInt8(ascii: "\"")
    encode(bytes, to: &text, at: 1)
    return text
  }

  private static func length(_ bytes: [UInt8]) -> Int { (bytes.count + 2) / 3 * 4 }

  /// Writes the characters. `text` already has padding where padding belongs.
  private static func encode(_ bytes: [UInt8], to text: inout [UInt8], at start: Int) {
    let input = bytes.span
    var output = text.mutableSpan
    var index = 0
    var place = start
    while index &+ 8 <= input.count {
      store(characters(word(input, at: index) >> 16), to: &output, at: place)
      index &+= 6
      place &+= 8
    }
    while index < input.count {
      let count = min(3, input.count - index)
      var bits: UInt64 = 0
      for offset in 0..<3 { bits = bits << 8 | (offset < count ? UInt64(input[index + offset]) : 0) }
      let characters = characters(bits)
      for offset in 0...count { output[place + offset] = UInt8(truncatingIfNeeded: characters >> (24 - 8 * offset)) }
      index += 3
      place += 4
    }
  }

  /// The characters (RFC 4648, table 1) for 48 bits, the first one highest. All eight are computed together, each in a
  /// lane of the word; no sum or difference carries into the next lane.
  @inline(__always)
  private static func characters(_ bits: UInt64) -> UInt64 {
    var lanes = (bits & 0xFFFF_FF00_0000) << 8 | bits & 0x0000_00FF_FFFF
    lanes = (lanes & 0x00FF_F000_00FF_F000) << 4 | lanes & 0x0000_0FFF_0000_0FFF
    lanes = (lanes & 0x0FC0_0FC0_0FC0_0FC0) << 2 | lanes & 0x003F_003F_003F_003F
    return lanes &+ every(UInt8(ascii: "A")) &+ atLeast(26, lanes) &* 6 &- atLeast(52, lanes) &* 75
      &- atLeast(62, lanes) &* 15 &+ atLeast(63, lanes) &* 3
  }

  /// 1 in each lane that holds at least `value`, 0 in the others. All lanes must be below 64.
  @inline(__always)
  private static func atLeast(_ value: UInt8, _ lanes: UInt64) -> UInt64 {
    (lanes &+ every(128 &- value)) >> 7 & every(1)
  }

  /// A word with this byte in every lane.
  @inline(__always)
  private static func every(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// Eight bytes as a word, the first one highest. The load is checked against the span's bounds. It is unsafe only
  /// because it could be asked for any type; every pattern of eight bytes is a valid UInt64.
  @inline(__always)
  private static func word(_ span: Span<UInt8>, at index: Int) -> UInt64 {
    unsafe UInt64(bigEndian: span.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// Stores eight bytes, the highest one first. It is checked, and unsafe, in the same way.
  @inline(__always)
  private static func store(_ word: UInt64, to span: inout MutableSpan<UInt8>, at index: Int) {
    var bytes = unsafe span.mutableBytes
    bytes.storeBytes(of: word.bigEndian, toByteOffset: index, as: UInt64.self)
  }
}
