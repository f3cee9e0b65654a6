import CVector
import Testing

/// The vector forms beside their definitions.
@Suite struct CVectorTests {
  /// Every byte at every place, among bytes that stand for themselves and among such that do not.
  @Test func aPrefixEndsWhereTheScalarFormEndsIt() {
    for filler in [UInt8(ascii: "a"), 0x20, 0x7F, 0xFF, 0x1F] {
      for place in 0..<16 {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 16)
          for later in place..<16 { bytes[later] = filler }
          bytes[place] = byte
          #expect(unsafe postern_plain_prefix(bytes) == postern_plain_prefix_scalar(bytes), "\(byte) at \(place)")
        }
      }
    }
  }

  /// What may stand behind a backslash, and every byte behind every other, at every place of two blocks.
  @Test func escapesOfTwoBytesArePassedOver() {
    let short = Set("\"\\/bfnrt".utf8)
    for byte in UInt8.min...UInt8.max { #expect(postern_is_short_escape(byte) == short.contains(byte)) }
    for length in [0, 1, 2, 15, 16, 17, 18, 31, 32, 33, 48] {
      for place in 0..<max(length - 1, 0) {
        for first in [UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "x"), 0x1F, 0xC3] {
          for second in [UInt8(ascii: "n"), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "u"), 0x80] {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
            (bytes[place], bytes[place + 1]) = (first, second)
            var (one, other) = (false, false)
            let count = unsafe postern_escaped_prefix(bytes, length, &one)
            #expect(unsafe count == postern_escaped_prefix_scalar(bytes, length, 0, &other), "\(bytes)")
            #expect(one == other, "\(bytes)")
          }
        }
      }
    }
    // The scalar form, by hand.
    for (text, count, hasEscapes) in [
      ("", 0, false), ("plain", 5, false), (#"a\n\"b"#, 6, true), (#"a\u0041"#, 1, false), (#"a\n\u0041"#, 3, true),
      (#"a\"#, 1, false), (#"\\"#, 2, true), (#"\\"x"#, 2, true), ("\u{1F}", 0, false), ("é", 0, false),
    ] {
      var has = false
      #expect(unsafe postern_escaped_prefix_scalar(Array(text.utf8), text.utf8.count, 0, &has) == count, "\(text)")
      #expect(has == hasEscapes, "\(text)")
    }
  }

  @Test func plainMeansThatEveryByteIs() {
    for length in 0...50 {
      let plain = [UInt8](repeating: UInt8(ascii: "x"), count: length)
      #expect(unsafe postern_is_plain(plain, length))
      for place in plain.indices {
        for byte in [0, 0x1F, 0x22, 0x5C, 0x80, 0xFF] as [UInt8] {
          var bytes = plain
          bytes[place] = byte
          #expect(unsafe !postern_is_plain(bytes, length), "\(byte) at \(place) of \(length)")
        }
      }
    }
  }

  @Test func sameMeansThatEveryByteIs() {
    for length in 0...40 {
      let left = (0..<length).map { UInt8($0) }
      #expect(unsafe postern_is_same(left, left, length))
      for place in left.indices {
        var right = left
        right[place] ^= 0x80
        #expect(unsafe !postern_is_same(left, right, length), "\(place) of \(length)")
      }
    }
  }

  /// Each length, with bytes that give every number of six bits at every place, and not a byte written behind them.
  @Test func base64IsThatOfItsTable() {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for length in 0...200 {
      for step in [1, 37, 101] {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * step + length) }
        var text = [UInt8](repeating: 0, count: (length + 2) / 3 * 4 + 1)
        let done = unsafe postern_base64(bytes, length, &text)
        #expect(done % 3 == 0 && done <= length)
        var expected: [UInt8] = []
        for start in stride(from: 0, to: done, by: 3) {
          let bits = bytes[start..<start + 3].reduce(0) { $0 << 8 | Int($1) }
          expected += [18, 12, 6, 0].map { alphabet[bits >> $0 & 63] }
        }
        #expect(Array(text.prefix(expected.count)) == expected)
        #expect(text.dropFirst(expected.count).allSatisfy { $0 == 0 })
      }
    }
  }
}
