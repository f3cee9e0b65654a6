/// A moment, in microseconds since 1970-01-01T00:00:00Z, as the server keeps one.
public struct Timestamp: Equatable, Sendable {
  /// Microseconds since the epoch; before it, they are negative.
  public let microseconds: Int64

  /// Reads `2027-01-01T00:00:00Z` with an optional fraction and offset (RFC 3339 §5.6); nil for anything else.
  /// What follows the sixth digit of a fraction is dropped.
  public init?(rfc3339 text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    func character(_ index: Int, _ allowed: String) -> Bool {
      index < bytes.count && allowed.utf8.contains(bytes[index])
    }
    guard
      let year = number(0..<4), character(4, "-"), let month = number(5..<7), character(7, "-"),
      let day = number(8..<10), character(10, "Tt "), let hour = number(11..<13), character(13, ":"),
      let minute = number(14..<16), character(16, ":"), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day), hour <= 23, minute <= 59, second <= 60
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if character(index, ".") {
      index += 1
      var digits = 0
      while index < bytes.count, let digit = number(index..<index + 1) {
        if digits < 6 { fraction = fraction * 10 + digit }
        digits += 1
        index += 1
      }
      guard digits > 0 else { return nil }
      while digits < 6 {
        fraction *= 10
        digits += 1
      }
    }
    var offset: Int64 = 0
    if character(index, "Zz") {
      index += 1
    } else if character(index, "+-") {
      guard
        let hours = number(index + 1..<index + 3), character(index + 3, ":"),
        let minutes = number(index + 4..<index + 6), hours <= 23, minutes <= 59
      else { return nil }
      offset = (hours * 60 + minutes) * (character(index, "-") ? -60 : 60)
      index += 6
    } else {
      return nil
    }
    guard index == bytes.count else { return nil }
    let seconds = Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    microseconds = seconds * 1_000_000 + fraction
  }

  /// Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that leap days come last.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let years = month <= 2 ? year - 1 : year
    let era = (years >= 0 ? years : years - 399) / 400
    let yearOfEra = years - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
