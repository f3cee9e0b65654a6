import Yams

/// Why an annotation's value is not YAML that can be read further.
struct YAMLProblem: Error {
  var place: Place
  var reason: String
  var hint: String?
  /// Whether the problem concerns only one place, so that the rest can be checked.
  var isLocal = false
}

extension YAMLProblem {
  /// The error that Yams found, without the text that it quotes.
  init(_ error: YamlError, in text: String, of annotation: String) {
    func at(_ mark: Mark) -> Place {
      Place(annotation: annotation, line: mark.line, column: mark.column)
    }
    switch error {
    case .parser(_, let problem, let mark, _) where problem.hasPrefix("Maximum nesting level"):
      self.init(place: at(mark), reason: "nested deeper than \(YAMLNode.maximumDepth) levels")
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      let details = [context?.text, problem].compactMap { $0 }.joined(separator: ", ")
      self.init(place: at(mark), reason: "not valid YAML: \(details)", hint: Self.hint(for: problem))
    case .composer(_, "but found another document", let mark, _):
      self.init(place: at(mark), reason: "more than one YAML document; expected one", hint: "remove the \"---\" line")
    case .composer(_, let problem, let mark, _):
      self.init(place: at(mark), reason: "not valid YAML: \(problem)", hint: "quote a text that begins with \"*\"")
    case .duplicatedKeysInMapping(let keys, let context):
      let first = at(context.mark)
      let key = keys.first ?? ""
      self = .duplicateKey(key, at: first, first: nil)
    case .reader(let problem, _, _, _):
      self.init(
        place: Place(annotation: annotation), reason: "not valid YAML: \(problem)",
        hint: "remove control characters, or write them as escapes in a double-quoted text")
    default:
      self.init(place: Place(annotation: annotation), reason: "not readable as YAML")
    }
  }

  /// A mapping contains a key twice.
  static func duplicateKey(_ key: String, at place: Place, first: Place?) -> Self {
    let other = first.map { "; the first is at \($0.short)" } ?? "; this is the first"
    return Self(
      place: place, reason: "the key \(quoted(key)) comes more than once in a mapping\(other)", hint: "keep one",
      isLocal: true)
  }

  private static func hint(for problem: String) -> String? {
    switch problem {
    case "found a tab character that violates indentation", "found character that cannot start any token":
      "indent with spaces, and quote a text that begins with a special character"
    case "mapping values are not allowed in this context":
      "quote a text that holds \": \", and check the indentation"
    case "did not find expected key", "did not find expected '-' indicator": "check the indentation"
    case "did not find expected ',' or ']'", "did not find expected ',' or '}'": "close the bracket"
    default: nil
    }
  }
}
