/// A time in the years 1 to 9999, in microseconds since 1970-01-01T00:00:00Z, as the server stores it.
package struct Timestamp: Hashable, Sendable {
  /// Microseconds since the epoch; negative before it.
  package let microseconds: Int64

  /// A time from the server. It may be outside of the years that the text form has.
  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// Reads `2027-01-01T00:00:00Z`, with an optional fraction and any offset (RFC 3339 §5.6). A space may replace the
  /// `T`, as in YAML. Nil for any other form, for a date that does not exist, and for what the server would refuse.
  package init?(rfc3339 text: String) {
    var reader = DigitReader(rest: Array(text.utf8)[...])
    guard let year = reader.number(4), reader.mark("-") != nil, let month = reader.number(2), reader.mark("-") != nil,
      let day = reader.number(2), reader.mark("Tt ") != nil, let hour = reader.number(2), reader.mark(":") != nil,
      let minute = reader.number(2), reader.mark(":") != nil, let second = reader.number(2),
      year >= 1, (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year),
      hour < 24, minute < 60, second < 60, let fraction = reader.fraction(), let offset = reader.offset(),
      reader.rest.isEmpty
    else { return nil }
    let seconds = Self.days(until: (year, month, day)) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    microseconds = seconds * 1_000_000 + fraction
    // An offset may lead out of the years that the server reads in four digits, and so may a fraction.
    guard (1...9999).contains(date.year) else { return nil }
  }

  /// The time in UTC, such as `2027-01-01T00:00:00Z`, with as many decimals as it needs. Before the year 1 and after 9999
  /// the year has a sign or more digits, as in PostgreSQL's limits `-infinity` and `infinity`.
  package var rfc3339: String {
    let (year, month, day) = date
    // The day of the first times there are began before them: the server's -infinity is one.
    let ofDay = microseconds &- days &* Self.microsecondsPerDay
    let seconds = ofDay / 1_000_000
    var text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T"
    text += "\(Self.padded(seconds / 3_600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
    var (fraction, digits) = (ofDay % 1_000_000, 6)
    while digits > 0, fraction % 10 == 0 { (fraction, digits) = (fraction / 10, digits - 1) }
    if digits > 0 { text += ".\(Self.padded(fraction, digits))" }
    return text + "Z"
  }
}

// The Gregorian calendar. Years are counted from March, so that a leap day is a year's last day.
extension Timestamp {
  private static let microsecondsPerDay: Int64 = 86_400_000_000

  /// Whole days since the epoch.
  private var days: Int64 {
    microseconds / Self.microsecondsPerDay - (microseconds % Self.microsecondsPerDay < 0 ? 1 : 0)
  }

  /// The date in UTC.
  private var date: (year: Int64, month: Int64, day: Int64) {
    let days = self.days + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    return (
      yearOfEra + era * 400 + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9,
      dayOfYear - (153 * month + 2) / 5 + 1
    )
  }

  private static func days(until date: (year: Int64, month: Int64, day: Int64)) -> Int64 {
    let years = date.month <= 2 ? date.year - 1 : date.year
    let era = (years >= 0 ? years : years - 399) / 400
    let yearOfEra = years - era * 400
    let dayOfYear = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func padded(_ number: Int64, _ digits: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

/// Reads the parts of a time, from left to right.
private struct DigitReader {
  var rest: ArraySlice<UInt8>

  mutating func number(_ digits: Int) -> Int64? {
    guard rest.count >= digits else { return nil }
    var value: Int64 = 0
    for byte in rest.prefix(digits) {
      guard Self.isDigit(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    rest = rest.dropFirst(digits)
    return value
  }

  mutating func mark(_ allowed: String) -> UInt8? {
    guard let byte = rest.first, allowed.utf8.contains(byte) else { return nil }
    rest = rest.dropFirst()
    return byte
  }

  /// Microseconds; 0 where there is no fraction. The server reads a fraction as a double, multiplies it, and rounds it
  /// as rint(3) does (its `ParseFractionalSecond`). A whole number of at most nine digits, divided by a power of ten,
  /// gives that double.
  mutating func fraction() -> Int64? {
    guard mark(".") != nil else { return 0 }
    let count = rest.prefix { Self.isDigit($0) }.count
    guard (1...9).contains(count), let digits = number(count) else { return nil }
    let power = (0..<count).reduce(1) { power, _ in power * 10 }
    // At 2⁵² a double has no bits for a fraction. So adding this number rounds as rint(3) does, without a mathematical
    // library.
    let large = 4_503_599_627_370_496.0
    return Int64(Double(digits) / Double(power) * 1_000_000 + large - large)
  }

  /// Seconds east of UTC. The server accepts offsets of less than 16 hours.
  mutating func offset() -> Int64? {
    if mark("Zz") != nil { return 0 }
    guard let sign = mark("+-"), let hours = number(2), mark(":") != nil, let minutes = number(2), hours < 16,
      minutes < 60
    else { return nil }
    return (hours * 3_600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
