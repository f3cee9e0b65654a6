import JSONBytes

/// Looks up variables to which others, or arguments, refer. All of `env` is read once, at the first look, and the number of
/// looks is limited: nested ones can double the text at each level.
struct VariableLookups {
  private var left: Int
  /// Each variable's values in the order of `env`, with their index; nil before the first look.
  private var entries: [String: [(index: Int, value: EnvironmentValue)]]?

  init(most: Int) {
    left = most
  }

  /// Whether there may be another look.
  mutating func take() -> Bool {
    left -= 1
    return left >= 0
  }

  /// The last value of a variable that is defined before the first of another name; nil: of all.
  mutating func value(
    of variable: String, before name: String?, in slice: JSONSlice?, of bytes: [UInt8]
  ) throws(JSONError) -> EnvironmentValue? {
    if entries == nil { entries = try Self.entries(slice, of: bytes) }
    guard let entries else { return nil }
    let end = name.flatMap { entries[$0]?.first?.index } ?? .max
    return entries[variable]?.last { $0.index < end }?.value
  }

  private static func entries(
    _ slice: JSONSlice?, of bytes: [UInt8]
  ) throws(JSONError) -> [String: [(index: Int, value: EnvironmentValue)]] {
    guard let slice else { return [:] }
    var entries: [String: [(index: Int, value: EnvironmentValue)]] = [:]
    var index = 0
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      if let variable = try EnvironmentVariable(any: &reader) {
        entries[variable.name, default: []].append((index, variable.value))
      }
      index += 1
    }
    return entries
  }
}
