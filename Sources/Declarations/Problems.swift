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
