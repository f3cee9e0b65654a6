extension ShellSyntax {
  /// A script, with what it makes of variables.
  /// - Parameter outer: what is known before it runs.
  static func read(_ text: String, _ outer: [String: String]) -> (syntax: Self, variables: [String: String]) {
    var known = outer
    // A value may name other variables, whose values the script gives as well.
    for _ in 0..<maximumRounds {
      let syntax = Self(text, known)
      let next = syntax.variables(within: outer)
      if next == known { return (syntax, known) }
      known = next
    }
    for name in Self(text, outer).assigned.map(\.name) { known[name] = ScriptVariable.mark(name) }
    return (Self(text, known), known)
  }

  /// Values that are named by values: more than anybody writes.
  private static let maximumRounds = 5

  /// A variable is known that has the same value wherever it is given one, so that the way through the script does not matter.
  private func variables(within outer: [String: String]) -> [String: String] {
    var values: [String: Set<String?>] = [:]
    for (name, value) in assigned { values[name, default: outer[name].map { [$0] } ?? []].insert(value) }
    var known = outer
    for (name, all) in values {
      let only = all.count == 1 ? all.first ?? nil : nil
      // Of a password it matters which variable it is.
      let isPassword = SecretSigns.areIn(name: name) && only.flatMap(ScriptVariable.reference) != nil
      let isKnown = isPassword || only.map(ScriptVariable.isIn) == false
      known[name] = isKnown ? ScriptVariable.value(only ?? "", of: name) : ScriptVariable.mark(name)
    }
    return known
  }

  /// What is assigned to variables; nil where nobody can tell.
  var assigned: [(name: String, value: String?)] {
    var found = loopVariables.map { ($0, String?.none) }
    for command in commands {
      let operands = command.words.dropFirst()
      for words in [command.assignments, command.words] {
        for word in words where !word.defaults.isEmpty { found += word.defaults.map { ($0, $1) } }
      }
      switch command.words.first?.text {
      case nil: found += command.assignments.compactMap(Self.assignment)
      case "export", "local", "readonly", "declare", "typeset": found += operands.compactMap(Self.assignment)
      case "read": found += Self.read(by: command)
      case "unset", "mapfile", "readarray", "getopts", "printf": found += operands.map { ($0.text, nil) }
      default: break
      }
    }
    return found
  }

  /// What `read` takes of a text that stands in the script.
  private static func read(by command: ShellCommand) -> [(name: String, value: String?)] {
    let options = command.words.dropFirst().prefix { $0.text.hasPrefix("-") }.map(\.text)
    let names = command.words.dropFirst(1 + options.count).map(\.text)
    let signs = command.assignments.last { $0.assigned == "IFS" }.map { String($0.value) }
    guard case .text(let text, _)? = command.input, options.allSatisfy({ ["-r", "-a", "-ra", "-ar"].contains($0) }),
      let fields = fields(of: String(text.prefix { $0 != "\n" }), by: signs)
    else { return names.map { ($0, nil) } }
    if options.contains(where: { $0.contains("a") }) {
      return names.prefix(1).map { ($0, ScriptVariable.list(fields)) }
    }
    return names.enumerated().map { index, name in
      // The last one gets the rest, with its signs, which is not put together again.
      index == names.count - 1 && fields.count > names.count
        ? (name, nil) : (name, index < fields.count ? fields[index] : "")
    }
  }

  /// The fields into which a shell divides a text; nil where that is not known.
  /// - Parameter signs: the value of `IFS`; nil: it is not set.
  static func fields(of text: String, by signs: String?) -> [String]? {
    guard !ScriptVariable.isIn(text), signs.map(ScriptVariable.isIn) != true else { return nil }
    let signs = signs ?? " \t\n"
    guard signs.contains(where: { !$0.isWhitespace }) else {
      return text.split { signs.contains($0) }.map(String.init)
    }
    var fields = text.split(omittingEmptySubsequences: false) { signs.contains($0) }.map(String.init)
    if fields.last == "" { fields.removeLast() }
    return fields
  }

  private static func assignment(_ word: ShellWord) -> (name: String, value: String?)? {
    word.assigned.map { ($0, String(word.value)) }
  }
}
