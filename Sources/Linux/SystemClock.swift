internal import CLinux

/// The system's clocks.
package enum SystemClock {
  /// Milliseconds since some moment; it never goes back.
  package static var monotonicMilliseconds: Int64 { postern_monotonic_milliseconds() }

  /// Milliseconds since 1970-01-01T00:00:00Z.
  package static var wallMilliseconds: Int64 { postern_wall_milliseconds() }

  /// Blocks the thread for this time, or less if a signal arrives.
  package static func sleep(milliseconds: Int) { postern_sleep(Int32(clamping: milliseconds)) }

  /// A time in UTC, as in RFC 3339: `2026-11-21T10:00:00.000Z`.
  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z; not before the year 0.
  package static func timestamp(_ milliseconds: Int64 = wallMilliseconds) -> String {
    let (days, rest) = floorDivide(milliseconds, by: 86_400_000)
    // Years are counted from March, so that a leap day is a year's last day, in eras of 400 years (146097 days).
    let (era, day) = floorDivide(days + 719_468, by: 146_097)
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let calendarMonth = month < 10 ? month + 3 : month - 9
    let calendarYear = era * 400 + year + (calendarMonth <= 2 ? 1 : 0)
    var text = Array("0000-00-00T00:00:00.000Z".utf8)
    /// Writes a number's last digits, which end before `end`.
    func write(_ value: Int64, digits: Int, before end: Int) {
      var rest = value
      for place in 1...digits {
        text[end - place] += UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
    }
    write(calendarYear, digits: 4, before: 4)
    write(calendarMonth, digits: 2, before: 7)
    write(dayOfMonth, digits: 2, before: 10)
    write(rest / 3_600_000, digits: 2, before: 13)
    write(rest / 60_000 % 60, digits: 2, before: 16)
    write(rest / 1000 % 60, digits: 2, before: 19)
    write(rest % 1000, digits: 3, before: 23)
    return String(decoding: text, as: UTF8.self)
  }

  private static func floorDivide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
    let rest = ((value % divisor) + divisor) % divisor
    return ((value - rest) / divisor, rest)
  }
}
