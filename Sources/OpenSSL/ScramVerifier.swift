import PasswordPreparation
import TextEncoding

/// What `pg_authid.rolpassword` holds for a SCRAM password: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`
/// (PostgreSQL docs §53.8; RFC 5803).
package struct ScramVerifier: Equatable, Sendable {
  /// Rounds of PBKDF2, at least 1.
  package let iterations: UInt32
  /// The salt.
  package let salt: [UInt8]
  /// SHA-256 of the client's key, 32 bytes.
  package let storedKey: [UInt8]
  /// The server's key, 32 bytes.
  package let serverKey: [UInt8]

  /// Reads a verifier; nil where the text is something else, such as an md5 hash.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].elementsEqual("SCRAM-SHA-256".utf8) else { return nil }
    let first = parts[1].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let second = parts[2].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard first.count == 2, second.count == 2,
      let iterations = UInt32(String(decoding: first[0], as: UTF8.self)), iterations >= 1,
      let salt = Base64.decoded(String(decoding: first[1], as: UTF8.self)), !salt.isEmpty,
      let storedKey = Base64.decoded(String(decoding: second[0], as: UTF8.self)), storedKey.count == 32,
      let serverKey = Base64.decoded(String(decoding: second[1], as: UTF8.self)), serverKey.count == 32
    else { return nil }
    self.iterations = iterations
    self.salt = salt
    self.storedKey = storedKey
    self.serverKey = serverKey
  }

  /// Derives what a server stores for a password (RFC 5802 §3). The password is prepared as libpq prepares it.
  package init(password: String, salt: [UInt8], iterations: UInt32) {
    let salted = Digest.pbkdf2SHA256(password: SASLprep.prepare(password), salt: salt, iterations: iterations)
    self.iterations = iterations
    self.salt = salt
    storedKey = Digest.sha256(Digest.hmacSHA256(key: salted, Array("Client Key".utf8)))
    serverKey = Digest.hmacSHA256(key: salted, Array("Server Key".utf8))
  }

  /// Whether this verifier belongs to the password. The password is derived again with this verifier's salt and
  /// iterations, and compared in constant time. A password that looks like a verifier is still a password.
  package func matches(password: String) -> Bool {
    let derived = Self(password: password, salt: salt, iterations: iterations)
    return Digest.constantTimeEqual(derived.storedKey + derived.serverKey, storedKey + serverKey)
  }

  /// The text that the server stores.
  package var text: String {
    "SCRAM-SHA-256$\(iterations):\(Base64.encoded(salt))$\(Base64.encoded(storedKey)):\(Base64.encoded(serverKey))"
  }
}
