import OpenSSL
import TestThreads
import Testing
import TextEncoding

@Suite(.blocking) struct DigestTests {
  /// FIPS 180-4's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func sha256IsThatOfFIPS1804(text: String, digest: String) {
    #expect(Hex.encoded(Digest.sha256(Array(text.utf8))) == digest)
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
  func hmacIsThatOfRFC4231(key: [UInt8], message: String, digest: String) {
    #expect(Hex.encoded(Digest.hmacSHA256(key: key, Array(message.utf8))) == digest)
  }

  /// RFC 7914 §11, the first 32 bytes of each.
  @Test(arguments: [
    ("passwd", "salt", UInt32(1), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
    ("Password", "NaCl", UInt32(80000), "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
  ])
  func pbkdf2IsThatOfRFC7914(password: String, salt: String, iterations: UInt32, key: String) {
    let derived = Digest.pbkdf2SHA256(password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations)
    #expect(Hex.encoded(derived) == key)
  }

  @Test func secretsAreTheSameWhereAllBytesAre() {
    #expect(Digest.constantTimeEqual([], []))
    #expect(Digest.constantTimeEqual([1, 2], [1, 2]))
    #expect(!Digest.constantTimeEqual([1, 2], [1, 3]))
    #expect(!Digest.constantTimeEqual([1, 2], [1, 2, 3]))
  }
}
