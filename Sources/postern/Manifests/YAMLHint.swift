import YAML

/// What to do about a document that is not YAML, chosen by libyaml's message.
enum YAMLHint {
  static func hint(for problem: String, in text: String) -> String {
    if isTemplate(text) { return "; \(template)" }
    switch problem {
    case "mapping values are not allowed in this context":
      return "; put a value that holds a colon and a space in quotes, or indent the line as its neighbours"
    case "found character that cannot start any token":
      return "; indent by spaces, not by tabs, and put a value that begins with @, ` or % in quotes"
    case "did not find expected key", "did not find expected '-' indicator":
      return "; indent the line as its neighbours, or put the value above in quotes"
    case "could not find expected ':'": return "; a key needs a colon, and text of several lines a | behind its key"
    case "found undefined alias": return "; an alias stands below its anchor, in the same document"
    case "did not find expected <document start>" where !text.hasPrefix("%") && !text.contains("\n%"):
      return "; indent the line as its neighbours, or put the value above in quotes"
    case "did not find expected <document start>", YAMLReader.tagProblem:
      return "; kubectl takes no directives: remove the lines with %"
    default: return ""
    }
  }

  /// Whether it is a template for Helm or another Go program.
  static func isTemplate(_ text: String) -> Bool { text.contains("{{") && text.contains("}}") }

  static let template = "it is a template: render it first, such as by helm template CHART, and read its output from -"
}
