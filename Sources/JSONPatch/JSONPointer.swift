/// A place in a JSON document (RFC 6901): the tokens from the root down, unescaped. No tokens is the whole document.
public struct JSONPointer: Equatable, Sendable {
  /// Member names and array indices, unescaped; `-` after an array is the place behind its last element.
  public var tokens: [String]

  /// The place that these tokens lead to.
  public init(_ tokens: String...) {
    self.tokens = tokens
  }

  /// The place that these tokens lead to.
  public init(tokens: [String]) {
    self.tokens = tokens
  }

  /// Reads a pointer's text, such as `/metadata/annotations/postern.io~1users`.
  /// - Returns: nil where it does not begin with `/`, or a `~` stands before neither `0` nor `1` (RFC 6901 §3).
  public init?(parsing text: String) {
    tokens = []
    guard !text.utf8.isEmpty else { return }
    guard text.utf8.first == UInt8(ascii: "/") else { return nil }
    for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let token = Self.unescape(part) else { return nil }
      tokens.append(token)
    }
  }

  /// The pointer as text, `~` and `/` in tokens escaped (RFC 6901 §3).
  public var text: String {
    var text = ""
    for token in tokens {
      text += "/"
      text += Self.escape(token)
    }
    return text
  }

  /// The place of a member or element of what stands here.
  public func appending(_ tokens: String...) -> Self {
    Self(tokens: self.tokens + tokens)
  }

  /// Whether what stands at `other` is inside what stands here.
  func isAncestor(of other: Self) -> Bool {
    tokens.count < other.tokens.count && zip(tokens, other.tokens).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
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
