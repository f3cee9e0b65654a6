/// Numbers as Go writes them: what kubectl sends, and what the API server stores.
enum NumberSpelling {
  /// A Double in JSON, as encoding/json writes it; nil where JSON has no such number.
  static func json(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    let size = value.magnitude
    let number = ShortestDigits(value.description)
    return size != 0 && (size < 1e-6 || size >= 1e21) ? number.exponential(minimumDigits: 1) : number.plain
  }

  /// A number in JSON, from the spelling in a JSON document. A whole number stays unchanged if it fits into 64 bits.
  /// nil where it is too large.
  static func json(_ spelling: String) -> String? {
    if let whole = Int64(spelling) { return String(whole) }
    return Double(spelling).flatMap(json)
  }

  /// A Double as the key of an object, as sigs.k8s.io/yaml writes it: with the digits of 32 bits.
  static func key(_ value: Double) -> String {
    let short = Float(value)
    if short.isNaN { return ".nan" }
    if short.isInfinite { return short < 0 ? "-.inf" : ".inf" }
    let number = ShortestDigits(short.description)
    return number.exponent < -4 || number.exponent >= 6 ? number.exponential(minimumDigits: 2) : number.plain
  }
}

/// The shortest digits that identify a floating-point number, and the place of its point.
private struct ShortestDigits {
  let isNegative: Bool
  /// The exponent of the first digit: 0 for 1 to 9.
  let exponent: Int
  /// The digits without zeros at either end; empty for 0.
  private let digits: [UInt8]

  /// Reads Swift's description, which has the shortest digits.
  init(_ description: String) {
    isNegative = description.hasPrefix("-")
    let parts = description.drop { $0 == "-" }.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = Array(mantissa[0].utf8)
    let all = whole + (mantissa.count > 1 ? Array(mantissa[1].utf8) : [])
    let leading = all.prefix { $0 == UInt8(ascii: "0") }.count
    var significant = Array(all.dropFirst(leading))
    while significant.last == UInt8(ascii: "0") { significant.removeLast() }
    digits = significant
    exponent = significant.isEmpty ? 0 : (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count - leading - 1
  }

  /// `123.45`
  var plain: String {
    let sign = isNegative ? "-" : ""
    guard !digits.isEmpty else { return sign + "0" }
    guard exponent >= 0 else {
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + String(decoding: digits, as: UTF8.self)
    }
    let padded = digits + Array(repeating: UInt8(ascii: "0"), count: max(0, exponent + 1 - digits.count))
    let whole = String(decoding: padded[...exponent], as: UTF8.self)
    return sign + whole
      + (padded.count > exponent + 1 ? "." + String(decoding: padded[(exponent + 1)...], as: UTF8.self) : "")
  }

  /// `1.2345e+02`
  func exponential(minimumDigits: Int) -> String {
    let fraction = digits.dropFirst()
    let mantissa =
      String(decoding: digits.prefix(1), as: UTF8.self)
      + (fraction.isEmpty ? "" : "." + String(decoding: fraction, as: UTF8.self))
    let power = String(exponent.magnitude)
    let padding = String(repeating: "0", count: max(0, minimumDigits - power.count))
    return "\(isNegative ? "-" : "")\(mantissa)e\(exponent < 0 ? "-" : "+")\(padding)\(power)"
  }
}
