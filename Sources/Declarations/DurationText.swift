/// A whole number and a unit: `30m`, `12h`, `30d`.
enum DurationText {
  static let expected = "a whole number with a unit, such as 30d, 12h or 30m"
  private static let units: [(letter: UInt8, seconds: Int)] = [
    (UInt8(ascii: "m"), 60), (UInt8(ascii: "h"), 3_600), (UInt8(ascii: "d"), 86_400),
  ]

  /// The seconds that a text means; nil where it is no duration.
  static func seconds(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard let unit = units.first(where: { $0.letter == bytes.last }), (2...7).contains(bytes.count),
      bytes.dropLast().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(text.dropLast())
    else { return nil }
    return number * unit.seconds
  }

  /// The same seconds with the largest unit that fits.
  static func text(_ seconds: Int) -> String {
    for (letter, size) in units.reversed() where seconds >= size && seconds % size == 0 {
      return "\(seconds / size)\(Unicode.Scalar(letter))"
    }
    return "\(seconds) s"
  }
}
