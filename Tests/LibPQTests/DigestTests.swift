import OpenSSL
import Testing

@Suite struct DigestTests {
  /// FIPS 180-4's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func `SHA-256 is that of FIPS 180-4`(text: String, digest: String) {
    #expect(Encoding.hex(Digest.sha256(Array(text.utf8))) == digest)
  }

  /// RFC 4231 §4.3 and §4.7 (a key of 131 bytes).
  @Test(arguments: [
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func `HMAC is that of RFC 4231`(key: [UInt8], message: String, digest: String) {
    #expect(Encoding.hex(Digest.hmacSHA256(key: key, Array(message.utf8))) == digest)
  }

  /// RFC 7914 §11, the first 32 bytes of each.
  @Test(arguments: [
    ("passwd", "salt", UInt32(1), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
    ("Password", "NaCl", UInt32(80000), "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
  ])
  func `PBKDF2 is that of RFC 7914`(password: String, salt: String, iterations: UInt32, key: String) {
    let derived = Digest.pbkdf2SHA256(password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations)
    #expect(Encoding.hex(derived) == key)
  }

  /// RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `base64 is that of RFC 4648, both ways`(text: String, encoded: String) {
    #expect(Encoding.base64(Array(text.utf8)) == encoded)
    #expect(Encoding.decodeBase64(encoded) == Array(text.utf8))
  }

  @Test func `base64 keeps every byte`() {
    let bytes = (0...255).map { UInt8($0) }
    #expect(Encoding.decodeBase64(Encoding.base64(bytes)) == bytes)
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9v", "Zg==Zg==", "Zm9_", "Zm9v\n"])
  func `what is no base64 is not decoded`(_ text: String) {
    #expect(Encoding.decodeBase64(text) == nil)
  }

  @Test func `secrets are the same where all bytes are`() {
    #expect(Digest.constantTimeEqual([], []))
    #expect(Digest.constantTimeEqual([1, 2], [1, 2]))
    #expect(!Digest.constantTimeEqual([1, 2], [1, 3]))
    #expect(!Digest.constantTimeEqual([1, 2], [1, 2, 3]))
  }

  @Test func `a generated password has 32 letters and digits, and all 62 come up`() throws {
    var seen = Set<Character>()
    for _ in 0..<200 {
      let password = try SecureRandom.password()
      #expect(password.count == 32)
      seen.formUnion(password)
    }
    #expect(seen == Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    #expect(try SecureRandom.password() != SecureRandom.password())
  }
}
