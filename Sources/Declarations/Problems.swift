import DatabaseSpec

/// The problems that have been found so far.
struct Problems {
  var errors: [DeclarationProblem] = []
  var warnings: [DeclarationProblem] = []
  /// Problems for which only new objects are refused.
  var restrictions: [DeclarationProblem] = []

  /// After this many problems there are no more hints, because finding similar names takes time.
  private static let maximumHints = 100

  /// Whether more hints are given with errors, or with warnings.
  var hintsAtErrors: Bool { errors.count < Self.maximumHints }
  var hintsAtWarnings: Bool { warnings.count < Self.maximumHints }

  mutating func error(_ place: Place, _ reason: String, hint: @autoclosure () -> String? = nil) {
    errors.append(place.problem(reason, hint: hintsAtErrors ? hint() : nil))
  }

  mutating func restrict(_ place: Place, _ reason: String, hint: String) {
    restrictions.append(place.problem(reason, hint: hint))
  }

  mutating func warn(_ place: Place, _ reason: String, hint: @autoclosure () -> String? = nil) {
    warnings.append(place.problem(reason, hint: hintsAtWarnings ? hint() : nil))
  }
}

/// A place: an annotation, a path in it, a line and a column.
struct Place: Equatable {
  var annotation: String
  var path = ""
  var line: Int?
  var column: Int?

  func problem(_ reason: String, hint: String? = nil) -> DeclarationProblem {
    DeclarationProblem(
      annotation: annotation, path: path, line: line, column: column, reason: reason, hint: hint)
  }

  /// The place of a member: the same line and column, and a longer path.
  func member(_ key: String) -> Self {
    var place = self
    let isShort = !key.isEmpty && key.utf8.count <= PostgresName.maximumBytes
    let isPlain = isShort && key.utf8.allSatisfy(Self.isPlain)
    // Each value of a declaration has a place, so the path is put together without an interpolation.
    place.path += isPlain ? "." : "["
    place.path += isPlain ? key : quoted(key)
    if !isPlain { place.path += "]" }
    return place
  }

  func element(_ index: Int) -> Self {
    var place = self
    place.path += "["
    place.path += String(index)
    place.path += "]"
    return place
  }

  func at(line: Int?, column: Int?) -> Self {
    Self(annotation: annotation, path: path, line: line, column: column)
  }

  /// The place for a message about another place in the same annotation: `[0].name (line 1)`.
  var short: String {
    (path.isEmpty ? annotation : path) + (line.map { " (line \($0))" } ?? "")
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

/// A value with the place where it was declared.
struct Located<Value> {
  var value: Value
  var place: Place
}

/// The user's text for a message: in quotes, on one line, and truncated if it is longer than any name may be.
package func quoted(_ text: String) -> String {
  // Nearly all names are of printable ASCII, for which no table of Unicode is asked.
  if text.utf8.count <= PostgresName.maximumBytes, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
    return "\"" + text + "\""
  }
  var result = "\""
  var length = 0
  for scalar in text.unicodeScalars {
    guard length < PostgresName.maximumBytes else { return result + "…\"" }
    length += 1
    if scalar.isControl || scalar.isInvisible {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
