/// The form of `validUntil`: RFC 3339 §5.6, with its zone; a space may stand for the `T`, as in YAML.
enum Timestamp {
  static let expected = "a time with its zone, such as 2027-01-01T00:00:00Z"

  /// Whether it is of this form and a time that is on the calendar, within what Postgres takes.
  static func isValid(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    func number(_ digits: Int) -> Int? {
      guard rest.count >= digits else { return nil }
      var value = 0
      for byte in rest.prefix(digits) {
        guard let digit = digit(byte) else { return nil }
        value = value * 10 + digit
      }
      rest = rest.dropFirst(digits)
      return value
    }
    func mark(_ allowed: String) -> UInt8? {
      guard let byte = rest.first, allowed.utf8.contains(byte) else { return nil }
      rest = rest.dropFirst()
      return byte
    }
    guard let year = number(4), mark("-") != nil, let month = number(2), mark("-") != nil, let day = number(2),
      mark("Tt ") != nil, let hour = number(2), mark(":") != nil, let minute = number(2), mark(":") != nil,
      let second = number(2)
    else { return false }
    guard year >= 1, (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year), hour < 24, minute < 60,
      second < 60
    else { return false }
    if mark(".") != nil {
      let fraction = rest.prefix { digit($0) != nil }
      guard (1...9).contains(fraction.count) else { return false }
      rest = rest.dropFirst(fraction.count)
    }
    if mark("Zz") != nil { return rest.isEmpty }
    // Postgres takes offsets of less than 16 hours.
    guard mark("+-") != nil, let hours = number(2), mark(":") != nil, let minutes = number(2) else { return false }
    return hours < 16 && minutes < 60 && rest.isEmpty
  }

  private static func digit(_ byte: UInt8) -> Int? {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
