import TextEncoding

/// A YAML scalar with the type that kubectl gives it: YAML 1.1 as sigs.k8s.io/yaml reads it, which is go-yaml v2.
enum YAMLScalar: Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A whole number that fits only into an unsigned integer.
  case unsigned(UInt64)
  case float(Double)
  case text(String)

  /// A plain scalar without a tag.
  init(plain text: String) {
    self = Self.words[text] ?? Self.number(text) ?? .text(text)
  }

  /// A scalar with a tag of its own, such as `!!int`.
  /// - Returns: nil where the text does not fit the tag.
  init?(_ text: String, tag: String) {
    let value = YAMLScalar(plain: text)
    switch (tag.hasPrefix(Self.tagPrefix) ? String(tag.dropFirst(Self.tagPrefix.count)) : tag, value) {
    case ("null", .null), ("bool", .bool), ("int", .integer), ("int", .unsigned), ("float", .float): self = value
    case ("float", .integer(let whole)): self = .float(Double(whole))
    case ("float", .unsigned(let whole)): self = .float(Double(whole))
    case ("null", _), ("bool", _), ("int", _), ("float", _): return nil
    case ("timestamp", _):
      guard Self.isTimestamp(text) else { return nil }
      self = .text(text)
    case ("binary", _):
      guard let bytes = Base64.decoded(text.filter { !$0.isNewline }) else { return nil }
      self = .text(String(decoding: bytes, as: UTF8.self))
    default: self = .text(text)
    }
  }

  /// The prefix of YAML's own tags.
  static let tagPrefix = "tag:yaml.org,2002:"

  /// The words that stand for a value, in exactly these spellings.
  private static let words: [String: YAMLScalar] = {
    var words: [String: YAMLScalar] = [:]
    for word in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] { words[word] = .bool(true) }
    for word in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
      words[word] = .bool(false)
    }
    for word in ["", "~", "null", "Null", "NULL"] { words[word] = .null }
    for word in [".nan", ".NaN", ".NAN"] { words[word] = .float(.nan) }
    for word in [".inf", ".Inf", ".INF"] {
      words[word] = .float(.infinity)
      words["+" + word] = .float(.infinity)
      words["-" + word] = .float(-.infinity)
    }
    return words
  }()

  // MARK: Numbers

  private static func number(_ text: String) -> YAMLScalar? {
    guard let first = text.utf8.first else { return nil }
    switch first {
    case UInt8(ascii: "."): return decimal(text, keepsUnderscores: true)
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let digits = text.filter { $0 != "_" }
      return whole(digits) ?? decimal(digits, keepsUnderscores: false) ?? signedBinary(digits)
    default: return nil
    }
  }

  /// A whole number: decimal, `0x`, `0b`, `0o`, or octal by a leading `0`.
  private static func whole(_ text: String) -> YAMLScalar? {
    let sign = text.utf8.first.flatMap { "+-".utf8.contains($0) ? $0 : nil }
    var digits = Substring(sign == nil ? text : String(text.dropFirst()))
    var radix = 10
    if digits.utf8.count > 1, digits.utf8.first == UInt8(ascii: "0") {
      switch digits.utf8.dropFirst().first.map({ $0 | 0x20 }) {
      case UInt8(ascii: "x")?: (radix, digits) = (16, digits.dropFirst(2))
      case UInt8(ascii: "b")?: (radix, digits) = (2, digits.dropFirst(2))
      case UInt8(ascii: "o")?: (radix, digits) = (8, digits.dropFirst(2))
      default: (radix, digits) = (8, digits.dropFirst())
      }
    }
    // A second sign, which Swift would accept.
    guard digits.utf8.first.map({ !"+-".utf8.contains($0) }) == true else { return nil }
    let signed = sign == UInt8(ascii: "-") ? "-" + digits : String(digits)
    if let value = Int64(signed, radix: radix) { return .integer(value) }
    return sign == nil ? UInt64(digits, radix: radix).map(YAMLScalar.unsigned) : nil
  }

  /// go-yaml accepts a sign after `0b`.
  private static func signedBinary(_ text: String) -> YAMLScalar? {
    guard text.hasPrefix("0b+") || text.hasPrefix("0b-") else { return nil }
    return Int64(text.dropFirst(2), radix: 2).map(YAMLScalar.integer)
  }

  /// `1.5`, `.5`, `1e3`; nil where a Double cannot hold it.
  /// - Parameter keepsUnderscores: whether `_` is allowed only between digits, as in Go's own numbers.
  private static func decimal(_ text: String, keepsUnderscores: Bool) -> YAMLScalar? {
    let bytes = Array(text.utf8)
    if keepsUnderscores {
      for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
        guard index > 0, isDigit(bytes[index - 1]), index + 1 < bytes.count, isDigit(bytes[index + 1]) else {
          return nil
        }
      }
    }
    let digits = bytes.filter { $0 != UInt8(ascii: "_") }
    guard isDecimal(digits), let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
      return nil
    }
    return .float(value)
  }

  /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
  private static func isDecimal(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    func digits() -> Int {
      let count = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return count
    }
    if let sign = rest.first, "+-".utf8.contains(sign) { rest = rest.dropFirst() }
    let whole = digits()
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard digits() > 0 || whole > 0 else { return false }
    } else if whole == 0 {
      return false
    }
    guard let exponent = rest.first else { return true }
    guard exponent | 0x20 == UInt8(ascii: "e") else { return false }
    rest = rest.dropFirst()
    if let sign = rest.first, "+-".utf8.contains(sign) { rest = rest.dropFirst() }
    return digits() > 0 && rest.isEmpty
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// `2026-11-26`, alone or with a time of day.
  private static func isTimestamp(_ text: String) -> Bool {
    text.wholeMatch(
      of:
        /\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?/)
      != nil
  }
}
