/// The syntax of names in Kubernetes ("Object Names and IDs" in its documentation).
enum KubernetesName {
  static let labelRule = "lower-case letters, digits and \"-\", beginning and ending with a letter or digit"
  static let subdomainRule = "lower-case letters, digits, \"-\" and \".\", beginning and ending with a letter or digit"
  static let keyRule = "letters, digits, \"-\", \"_\" and \".\""

  /// RFC 1123 label: a container, a customer.
  static func isLabel(_ text: String, maximumBytes: Int = 63) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= maximumBytes else { return false }
    return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
      && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  /// RFC 1123 subdomain: a Secret, a ConfigMap.
  static func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253 && parts(text).allSatisfy { isLabel($0, maximumBytes: 253) }
  }

  /// A key of a Secret or ConfigMap.
  static func isKey(_ text: String) -> Bool {
    let marks = Array("-_.".utf8)
    return !text.isEmpty && text.utf8.count <= 253 && text != "." && !text.utf8.starts(with: "..".utf8)
      && text.utf8.allSatisfy { isLowerAlphanumeric($0 | 0x20) && $0 >= 0x30 || marks.contains($0) }
  }

  /// A host name (RFC 1123 §2.1) in any case, or an IPv4 address; a final dot is allowed.
  static func isHost(_ text: String) -> Bool {
    let name = text.hasSuffix(".") ? String(text.dropLast()) : text
    return name.utf8.count <= 253 && name.utf8.allSatisfy { $0 < 0x80 }
      && parts(name).allSatisfy { isLabel($0.lowercased()) }
  }

  private static func parts(_ text: String) -> [String] {
    text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
