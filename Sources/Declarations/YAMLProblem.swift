import YAML

/// Why an annotation's value is not YAML that can be read further.
struct YAMLProblem: Error {
  var place: Place
  var reason: String
  var hint: String?
  /// Whether the problem concerns only one place, so that the rest can be checked.
  var isLocal = false
}

extension YAMLProblem {
  /// An error that the reader found.
  init(_ error: YAMLError, of annotation: String) {
    let place = Place(annotation: annotation, line: error.mark.line, column: error.mark.column)
    switch error.kind {
    case .syntax:
      let problem = [error.context, error.problem].compactMap { $0 }.joined(separator: ", ")
      self.init(place: place, reason: "not valid YAML: \(problem)", hint: Self.hint(for: error.problem))
    case .character:
      self.init(
        place: place, reason: "not valid YAML: \(error.problem)",
        hint: "remove control characters, or write them as escapes in a double-quoted text")
    case .undefinedAlias:
      self.init(
        place: place, reason: "an alias that refers to nothing", hint: "quote a text that begins with \"*\"")
    case .secondDocument:
      self.init(
        place: place, reason: "more than one YAML document; expected one", hint: "remove the \"---\" line")
    case .tooDeep:
      self.init(place: place, reason: "nested deeper than \(YAMLNode.maximumDepth) levels")
    case .tooMany, .memory:
      self.init(place: place, reason: "not readable as YAML")
    }
    isLocal = error.kind != .memory
  }

  /// A mapping contains a key twice.
  static func duplicateKey(_ key: String, at place: Place, first: Place) -> Self {
    Self(
      place: place,
      reason: "the key \(quoted(key)) comes more than once in a mapping; the first is at \(first.short)",
      hint: "keep one", isLocal: true)
  }

  private static func hint(for problem: String) -> String? {
    switch problem {
    case "found a tab character that violates indentation", "found character that cannot start any token":
      "indent with spaces, and quote a text that begins with a special character"
    case "mapping values are not allowed in this context":
      "quote a text that holds \": \", and check the indentation"
    case "did not find expected key", "did not find expected '-' indicator": "check the indentation"
    case "did not find expected <document start>":
      "indent each line as its neighbours, and let nothing follow a text in quotes or brackets: write several as - NAME, "
        + "each on a line of its own"
    case "did not find expected ',' or ']'", "did not find expected ',' or '}'": "close the bracket"
    default: nil
    }
  }
}
