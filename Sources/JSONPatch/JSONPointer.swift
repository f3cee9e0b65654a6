/// A place in a JSON document (RFC 6901): the tokens from the root down. Without tokens it is the whole document.
package struct JSONPointer: Equatable, Sendable {
  /// The pointer as text, with `~` and `/` in tokens escaped (RFC 6901 §3).
  package let text: String

  /// The place that these tokens lead to: member names and array indices, unescaped. `-` in an array means the place
  /// behind its last element.
  package init(_ tokens: String...) {
    self.init(tokens: tokens)
  }

  /// The place that these tokens lead to.
  package init(tokens: [String]) {
    var text = ""
    for token in tokens {
      text += "/"
      text += Self.escape(token)
    }
    self.text = text
  }

  /// Reads a pointer's text, such as `/metadata/annotations/postern.io~1users`.
  /// - Returns: nil where it does not begin with `/`, or a `~` is followed by neither `0` nor `1` (RFC 6901 §3).
  package init?(parsing text: String) {
    guard text.utf8.isEmpty || text.utf8.first == UInt8(ascii: "/") else { return nil }
    for part in text.utf8.split(separator: UInt8(ascii: "/")) {
      guard Self.unescape(part) != nil else { return nil }
    }
    self.text = text
  }

  /// The tokens, unescaped.
  package var tokens: [String] {
    text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().compactMap(
      Self.unescape)
  }

  /// The place of a member or element of the value at this place.
  package func appending(_ token: String) -> Self {
    Self(text: text + "/" + Self.escape(token))
  }

  private init(text: String) {
    self.text = text
  }

  /// Whether the value at `other` is inside the value at this place.
  func isAncestor(of other: Self) -> Bool {
    other.text.utf8.count > text.utf8.count && other.text.utf8.starts(with: text.utf8)
      && other.text.utf8.dropFirst(text.utf8.count).first == UInt8(ascii: "/")
  }

  private static func escape(_ token: String) -> String {
    guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return token }
    var bytes: [UInt8] = []
    for byte in token.utf8 {
      switch byte {
      case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
      case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unescape(_ part: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var rest = part.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "~") else {
        bytes.append(byte)
        continue
      }
      switch rest.next() {
      case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
      case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
      default: return nil
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
