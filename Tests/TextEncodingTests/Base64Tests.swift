import TextEncoding
import Testing

@Suite struct Base64Tests {
  /// RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64IsThatOfRFC4648BothWays(text: String, encoded: String) {
    #expect(Base64.encoded(Array(text.utf8)) == encoded)
    #expect(Base64.decoded(encoded) == Array(text.utf8))
  }

  /// Eight bytes are encoded at a time; the lengths around a multiple of eight take other paths.
  @Test func base64KeepsEveryByteAtEveryLength() {
    let bytes = (0...255).map { UInt8($0) }
    for length in [0, 1, 2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 255, 256] {
      let part = Array(bytes.suffix(length))
      let text = Base64.encoded(part)
      #expect(Base64.decoded(text) == part)
      var longer = Array("before ".utf8)
      Base64.append(part, to: &longer)
      #expect(longer == Array("before \(text)".utf8))
    }
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9v", "Zg==Zg==", "Zm9_", "Zm9v\n"])
  func whatIsNoBase64IsNotDecoded(_ text: String) {
    #expect(Base64.decoded(text) == nil)
  }
}
