/// The syntax of names in Kubernetes ("Object Names and IDs" in its documentation).
package enum KubernetesName {
  static let labelRule = "lower-case letters, digits and \"-\", beginning and ending with a letter or digit"
  static let subdomainRule = "lower-case letters, digits, \"-\" and \".\", beginning and ending with a letter or digit"
  package static let serviceRule =
    "at most 63 lower-case letters, digits and \"-\", beginning with a letter and ending with a letter or digit"
  static let keyRule = "letters, digits, \"-\", \"_\" and \".\""

  /// RFC 1123 label: a container, a customer.
  package static func isLabel(_ text: String, maximumBytes: Int = 63) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= maximumBytes else { return false }
    return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
      && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  /// RFC 1035 label: a Service.
  package static func isService(_ text: String) -> Bool {
    isLabel(text) && text.utf8.first.map { $0 >= UInt8(ascii: "a") } ?? false
  }

  /// RFC 1123 subdomain: a Secret, a ConfigMap.
  package static func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253 && parts(text).allSatisfy { isLabel($0, maximumBytes: 253) }
  }

  /// A key of a Secret or ConfigMap.
  static func isKey(_ text: String) -> Bool {
    let marks = Array("-_.".utf8)
    return !text.isEmpty && text.utf8.count <= 253 && text != "." && !text.utf8.starts(with: "..".utf8)
      && text.utf8.allSatisfy { isLowerAlphanumeric($0 | 0x20) && $0 >= 0x30 || marks.contains($0) }
  }

  /// A host name (RFC 1123 §2.1) in any case, or an IP address; a final dot is allowed.
  static func isHost(_ text: String) -> Bool {
    if text.utf8.contains(UInt8(ascii: ":")) { return isIPv6(text) }
    let name = text.hasSuffix(".") ? String(text.dropLast()) : text
    return name.utf8.count <= 253 && name.utf8.allSatisfy { $0 < 0x80 }
      && parts(name).allSatisfy { isLabel($0.lowercased()) }
  }

  /// An IPv6 address (RFC 4291 §2.2) without a zone.
  private static func isIPv6(_ text: String) -> Bool {
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count < 3 else { return false }
    var groups = 0
    for (index, half) in halves.enumerated() where !half.isEmpty {
      let parts = half.split(separator: ":", omittingEmptySubsequences: false)
      for (place, part) in parts.enumerated() {
        let isLast = index == halves.count - 1 && place == parts.count - 1
        if isLast, part.contains(".") {
          let numbers = part.split(separator: ".", omittingEmptySubsequences: false)
          guard numbers.count == 4, numbers.allSatisfy({ UInt8($0) != nil && $0.first != "+" }) else { return false }
          groups += 2
        } else {
          guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit), part.utf8.allSatisfy({ $0 < 0x80 })
          else { return false }
          groups += 1
        }
      }
    }
    return halves.count == 2 ? groups < 8 : groups == 8
  }

  private static func parts(_ text: String) -> [String] {
    text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
