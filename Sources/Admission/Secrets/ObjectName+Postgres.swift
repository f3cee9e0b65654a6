package import Contract
package import DatabaseSpec
import OpenSSL
import TextEncoding

/// Postgres names are data. A name that Kubernetes does not accept is cleaned, and a hash keeps it distinct.
extension ObjectName {
  /// The Secret with everything that a client needs to connect as the user.
  package static func user(_ user: PostgresName, customer: String) -> String {
    Self.user(label: dnsLabel(user.text), customer: customer)
  }

  /// The database's name as a part of the keys of a connection Secret.
  package static func keyLabel(database: PostgresName) -> String {
    let isKey = database.text.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    return isKey ? database.text : dnsLabel(database.text)
  }

  /// The text if it is a DNS label (RFC 1123 §2.1); else its valid characters, a dot, and eight digits of its SHA-256.
  /// The dot keeps cleaned names distinct from names that need no change.
  static func dnsLabel(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let isHyphenInside = { (index: Int) in bytes[index] == UInt8(ascii: "-") && index > 0 && index < bytes.count - 1 }
    if !bytes.isEmpty, bytes.indices.allSatisfy({ isLowercaseAlphanumeric(bytes[$0]) || isHyphenInside($0) }) {
      return text
    }
    var kept = String(
      decoding: bytes.map { byte in
        let lower = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
        return isLowercaseAlphanumeric(lower) ? lower : UInt8(ascii: "-")
      }, as: UTF8.self)
    while kept.hasPrefix("-") { kept.removeFirst() }
    while kept.hasSuffix("-") { kept.removeLast() }
    let hash = Hex.encoded(Digest.sha256(bytes)).prefix(8)
    return kept.isEmpty ? "x.\(hash)" : "\(kept).\(hash)"
  }

  private static func isLowercaseAlphanumeric(_ byte: UInt8) -> Bool {
    (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")) || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowercaseAlphanumeric(byte) || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
  }
}
