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

  /// Every byte at every place, beside one that does not stand for itself at another.
  @Test func aBitIsSetForEachOtherByte() {
    for place in 0..<64 {
      for byte in UInt8.min...UInt8.max {
        var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 64)
        bytes[(place * 7 + 3) % 64] = 0x1F
        bytes[place] = byte
        #expect(unsafe postern_other_bits(bytes) == postern_other_bits_scalar(bytes), "\(byte) at \(place)")
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

  /// Each byte that counts, and its neighbours, at every place; and not a byte written behind the copy.
  @Test func aCopyIsPlainWhereEveryByteIs() {
    for length in 0...34 {
      let plain = [UInt8](repeating: UInt8(ascii: "x"), count: length)
      for place in [-1] + plain.indices {
        for byte in [0, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0xA2, 0xDC, 0xFF] as [UInt8] {
          var bytes = plain
          if place >= 0 { bytes[place] = byte }
          var copy = [UInt8](repeating: 0xEE, count: length + 1)
          let isPlain = unsafe postern_copy_plain(bytes, length, &copy)
          #expect(isPlain == bytes.allSatisfy(postern_is_plain_byte), "\(byte) at \(place) of \(length)")
          #expect(copy == bytes + [0xEE])
        }
      }
    }
  }

  /// The reader's own tests compare it with what reads every value.
  @Test(arguments: [
    ("{}", 2), ("[]", 2), (#""""#, 2), (#""abc""#, 5), ("true", 4), ("false", 5), ("null", 4), ("[0]", 3),
    ("[-12,0]", 7),
    (#"{"a":{"b":[{},[],"c\n",{"d":"e"}]},"f":true}"#, 44), (#"["\"\\\/\b\f\n\r\t"]"#, 20),
    (String(repeating: "[", count: 62) + String(repeating: "]", count: 62), 124),
    // What is written otherwise, which the reader itself reads.
    (String(repeating: "[", count: 64) + String(repeating: "]", count: 64), -1),
    (#"{"a": 1}"#, -1), ("[1 ]", -1), ("[1.5]", -1), ("[1e3]", -1), (#"["\u0041"]"#, -1), (#"["é"]"#, -1),
    // What is no JSON.
    ("", -1), ("[", -1), ("[}", -1), ("{]", -1), ("[1,]", -1), (#"{"a":1,}"#, -1), (#"{"a"}"#, -1), ("{1:2}", -1),
    ("[01]", -1), ("[-]", -1), ("[tru]", -1), (#"["\x"]"#, -1), ("[\"\u{1F}\"]", -1),
  ])
  func theEndOfAPlainValue(_ text: String, _ end: Int) {
    let bytes = Array(text.utf8) + [UInt8](repeating: 0x20, count: 65)
    #expect(unsafe postern_plain_value_end(bytes, bytes.count, 0) == end)
    // Nothing is read behind `count`, so that there must be room.
    for count in 0..<64 { #expect(unsafe postern_plain_value_end(bytes, count, 0) == -1) }
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
