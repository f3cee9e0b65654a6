import JSONBytes

/// One line of the check of a cluster.
struct CheckResult: Equatable, Sendable {
  enum Level: String, Sendable {
    case good, warning, failure
  }

  /// What the line belongs to: `webhook`, `controller`, `rights`, `customers`.
  let section: String
  let level: Level
  let text: String
  /// What to do.
  let hint: String?

  static func good(_ section: String, _ text: String) -> Self {
    Self(section: section, level: .good, text: text.inOneLine, hint: nil)
  }

  static func warning(_ section: String, _ text: String, _ hint: String) -> Self {
    Self(section: section, level: .warning, text: text.inOneLine, hint: hint.inOneLine)
  }

  static func failure(_ section: String, _ text: String, _ hint: String) -> Self {
    Self(section: section, level: .failure, text: text.inOneLine, hint: hint.inOneLine)
  }

  var json: JSONValue {
    .members([
      ("section", .string(section)), ("level", .string(level.rawValue)), ("text", .string(text)),
      ("hint", hint.map { .string($0) }),
    ])
  }

  /// Prints all lines, as `linkerd check` does.
  static func print(_ results: [CheckResult], isQuiet: Bool, on console: Console) {
    var section = ""
    for result in results where !isQuiet || result.level != .good {
      if result.section != section {
        if !section.isEmpty { console.print() }
        section = result.section
        console.print(section)
        console.print(String(repeating: "-", count: section.count))
      }
      console.print("\(result.mark(on: console)) \(result.text)")
      if let hint = result.hint { console.print("    \(hint)") }
    }
    let failures = results.count { $0.level == .failure }
    let warnings = results.count { $0.level == .warning }
    guard !isQuiet || failures + warnings > 0 else { return }
    console.print()
    console.print(
      failures > 0
        ? "\(failures) failed, \(warnings) to look at"
        : warnings > 0 ? "nothing failed, \(warnings) to look at" : "all is well")
  }

  private func mark(on console: Console) -> String {
    switch level {
    case .good: console.coloured("√", .green)
    case .warning: console.coloured("‼", .yellow)
    case .failure: console.coloured("×", .red)
    }
  }
}
