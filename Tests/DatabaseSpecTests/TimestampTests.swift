import DatabaseSpec
import Testing

/// How a time is read.
struct TimestampTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
      ("1970-01-01 00:00:01.5Z", 1_500_000, "1970-01-01T00:00:01.5Z"),
      ("1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"),
      ("2027-01-01T02:30:00+02:30", 1_798_761_600_000_000, "2027-01-01T00:00:00Z"),
      ("2000-02-29T00:00:00-01:00", 951_786_000_000_000, "2000-02-29T01:00:00Z"),
      ("1970-01-01t00:00:00.0000019z", 2, "1970-01-01T00:00:00.000002Z"),
      ("1970-01-01T00:00:00.0000005Z", 0, "1970-01-01T00:00:00Z"),
      ("2027-12-31T23:59:59.9999996Z", 1_830_297_600_000_000, "2028-01-01T00:00:00Z"),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
      ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ] as [(String, Int64, String)])
  func isReadAndWrittenInUTC(_ text: String, _ microseconds: Int64, _ written: String) throws {
    let time = try #require(Timestamp(rfc3339: text))
    #expect(time.microseconds == microseconds)
    #expect(time.rfc3339 == written)
    #expect(Expiry(written) == .time(time))
  }

  @Test(arguments: [
    "", "2027-01-01", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z", "2027-01-01T24:00:00Z",
    "2027-01-01T00:60:00Z", "2027-01-01T00:00:60Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.1234567890Z",
    "2027-01-01T00:00:00Zx", "2027-01-01T00:00:00+1:00", "2027-01-01T00:00:00+16:00", "2027-02-31T00:00:00Z",
    "1900-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:59.9999999Z", "tomorrow", "Infinity", "-infinity",
  ])
  func isNothingElse(_ text: String) {
    #expect(Expiry(text) == nil)
  }

  /// Every day of more than four centuries, to its number and back.
  @Test func theCalendarIsTheSameBothWays() {
    for day in stride(from: Int64(-200_000), through: 200_000, by: 1) {
      let time = Timestamp(microseconds: day * 86_400_000_000)
      if Timestamp(rfc3339: time.rfc3339) != time { Issue.record("day \(day) became \(time.rfc3339)") }
    }
  }

  /// The server's limits are its -infinity and infinity.
  @Test func everyTimeOfTheServersHasAText() {
    #expect(Timestamp(microseconds: .min).rfc3339 == "-290308-12-21T19:59:05.224192Z")
    #expect(Timestamp(microseconds: .max).rfc3339 == "294247-01-10T04:00:54.775807Z")
  }
}
