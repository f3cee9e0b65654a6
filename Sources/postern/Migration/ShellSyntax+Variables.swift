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
      let isKnown = only.map(ScriptVariable.isIn) == false
      known[name] = isKnown ? ScriptVariable.value(only ?? "", of: name) : ScriptVariable.mark(name)
    }
    return known
  }

  /// What is assigned to variables; nil where nobody can tell.
  private var assigned: [(name: String, value: String?)] {
    var found = loopVariables.map { ($0, String?.none) }
    for command in commands {
      let operands = command.words.dropFirst()
      switch command.words.first?.text {
      case nil: found += command.assignments.compactMap(Self.assignment)
      case "export", "local", "readonly", "declare", "typeset": found += operands.compactMap(Self.assignment)
      case "read", "unset", "mapfile", "readarray", "getopts", "printf":
        found += operands.map { ($0.text, nil) }
      default: break
      }
    }
    return found
  }

  private static func assignment(_ word: ShellWord) -> (name: String, value: String?)? {
    word.assigned.map { ($0, String(word.value)) }
  }
}
