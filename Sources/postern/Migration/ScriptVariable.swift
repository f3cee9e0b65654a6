/// Variables of a shell or of psql in a script. One whose value is not known stands between two signs that no name has, so that
/// SQL around it can still be read.
enum ScriptVariable {
  private static let (before, after): (Character, Character) = ("\u{E000}", "\u{E001}")

  static func mark(_ name: String) -> String { "\(before)\(name)\(after)" }

  /// What no name is known of.
  static let unknown = mark("…")

  /// No name is as long, and values that hold one another grow without end.
  private static let maximumLength = 1 << 16

  /// What a variable is taken to hold: its value, or itself where its name tells a secret, which is shown nowhere. What is
  /// another variable's value is that one's.
  static func value(_ value: String, of name: String) -> String {
    let isHidden = SecretSigns.areIn(name: name) && reference(value) == nil && !isPathOfFile(value, name)
    return isHidden || value.utf8.count > maximumLength ? mark(name) : value
  }

  /// Whether it is where a file with a secret is: `PASSWORD_FILE=/run/secrets/password`.
  private static func isPathOfFile(_ value: String, _ name: String) -> Bool {
    name.uppercased().hasSuffix("_FILE") && value.wholeMatch(of: MountedSource.path) != nil
  }

  /// The name of the one variable that a text consists of; nil where it is anything else.
  static func reference(_ text: String) -> String? {
    guard text.first == before, text.last == after, text.count > 2 else { return nil }
    let name = text.dropFirst().dropLast()
    return name.contains(before) || name.contains(after) || mark(String(name)) == unknown ? nil : String(name)
  }

  /// Stands before each value of a list.
  private static let separator: Character = "\u{E002}"

  /// Several values as one.
  static func list(_ values: [String]) -> String { values.map { "\(separator)\($0)" }.joined() }

  /// Whether it is one of ``list(_:)``.
  static func isList(_ text: some StringProtocol) -> Bool { text.contains(separator) }

  /// The values of one of ``list(_:)``; nil where more stands around them.
  static func values(of list: String) -> [String]? {
    guard list.first == separator else { return nil }
    return list.dropFirst().split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }

  /// Whether a name holds a variable.
  static func isIn(_ name: String) -> Bool { name.contains(before) }

  /// The name for people, with `$` before its variables. What is like no name is not shown: a part of it may be a secret.
  static func shown(_ name: String) -> String {
    let text = String(name.flatMap { $0 == before ? "$" : $0 == after ? "" : String($0) })
    let isName = text.utf8.count <= 80 && text.allSatisfy { $0.isLetter || $0.isNumber || "_-.$…".contains($0) }
    return isName ? text : "…"
  }

  /// The database in what psql takes for one: a name, a URI, or settings in libpq's form. Nothing else of those is kept.
  static func database(in text: String) -> String {
    if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
      guard let authority = text.split(separator: "//", maxSplits: 1).last?.split(separator: "@").last,
        let slash = authority.firstIndex(of: "/")
      else { return unknown }
      let path = authority[slash...].dropFirst().prefix { $0 != "?" }
      return path.isEmpty || path.contains(where: { "/@:%".contains($0) }) ? unknown : String(path)
    }
    guard text.contains("=") else { return text }
    let match = text.firstMatch(of: /(?:^|\s)dbname\s*=\s*(?:'([^'\\]*)'|([^'\s]+))/)
    return (match?.output.1 ?? match?.output.2).map(String.init) ?? unknown
  }

  /// The variables of a name replaced, as far as they are known.
  static func expand(_ name: String, _ variables: [String: String]) -> String {
    guard isIn(name) else { return name }
    return name.replacing(/\u{E000}([^\u{E001}]*)\u{E001}/) { match in
      variables[String(match.output.1)] ?? mark(String(match.output.1))
    }
  }

  /// SQL with psql's variables (`:name`, `:"name"`, `:'name'`) marked as names and literals.
  static func markingPsqls(in sql: String) -> String {
    sql.replacing(/(^|[^:A-Za-z0-9_]):(["']?)([A-Za-z_][A-Za-z0-9_]*)(["']?)/) { match in
      "\(match.output.1)\(match.output.2)\(mark(String(match.output.3)))\(match.output.4)"
    }
  }

  /// A text as the shell expands it within double quotes or in a here-document.
  static func expandShell(_ text: some StringProtocol, _ variables: [String: String]) -> String {
    expandShell(Substring(text), variables, depth: 0)
  }

  private static func expandShell(_ text: Substring, _ variables: [String: String], depth: Int) -> String {
    var result = ""
    var rest = text
    while let sign = rest.popFirst() {
      switch sign {
      case "\\" where rest.first.map { "$`\\\n\"".contains($0) } == true:
        if let next = rest.popFirst(), next != "\n" { result.append(next) }
      case "`":
        let command = rest.prefix { $0 != "`" }
        rest = rest[command.endIndex...].dropFirst()
        result += ShellOutput.text(of: command, variables) ?? unknown
      case "$":
        result += expansion(takeReference(&rest), variables, depth)
      default: result.append(sign)
      }
    }
    return result
  }

  /// Takes what a `$` before it begins off a text: `(…)`, `{…}`, or a name. What does not end goes to the text's end.
  static func takeReference(_ rest: inout Substring) -> Substring {
    let start = rest
    guard let first = rest.first else { return rest }
    if first == "(" || first == "{" {
      skipBrackets(&rest)
    } else if first.isNumber || "@*#?$!-".contains(first) {
      rest.removeFirst()
    } else {
      rest = rest.drop { $0.isLetter || $0.isNumber || $0 == "_" }
    }
    return start[..<rest.startIndex]
  }

  /// Takes off `(…)` or `{…}` with what stands in it. Brackets in quotes count as in a shell.
  private static func skipBrackets(_ rest: inout Substring) {
    /// What ends each part that is open.
    var ends: [Character] = []
    var before: Character = "$"
    repeat {
      guard let sign = rest.popFirst() else { return }
      let end = ends.last
      switch sign {
      case "\\": _ = rest.popFirst()
      case _ where sign == end: ends.removeLast()
      case "(" where end == nil || end == ")" || before == "$": ends.append(")")
      case "{" where before == "$": ends.append("}")
      case "\"": ends.append("\"")
      case "'" where end == ")":
        rest = rest.drop { $0 != "'" }.dropFirst()
      default: break
      }
      before = sign
    } while !ends.isEmpty
  }

  /// Values within values that are looked into: more than anybody writes.
  private static let maximumDepth = 16

  /// What a reference stands for. Of what can be done with a variable, only its defaults are read.
  private static func expansion(_ reference: Substring, _ variables: [String: String], _ depth: Int) -> String {
    guard let first = reference.first else { return "$" }
    if depth > maximumDepth { return unknown }
    if first == "(" { return ShellOutput.text(of: reference.dropFirst().dropLast(), variables) ?? unknown }
    /// Of a list it is the first one.
    func value(_ name: String) -> String? { variables[name].map { values(of: $0).map { $0.first ?? "" } ?? $0 } }
    guard first == "{" else { return value(String(reference)) ?? mark(String(reference)) }
    let inner = reference.dropFirst().dropLast(reference.last == "}" ? 1 : 0)
    // The variable whose name is another one's value.
    if inner.first == "!" {
      let name = value(String(inner.dropFirst()))
      return name.flatMap(value) ?? name.flatMap { isIn($0) || $0.isEmpty ? nil : mark($0) } ?? unknown
    }
    let name = String(inner.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    guard !name.isEmpty else { return unknown }
    let operation = inner.dropFirst(name.count)
    // No shell takes it: something else fills it in before.
    if operation.first == "." { return mark(String(inner)) }
    if operation == "[@]" || operation == "[*]" { return variables[name] ?? mark(name) }
    guard let match = operation.prefixMatch(of: /(:?)[-=?]/) else {
      guard let value = value(name), !isIn(value) else { return mark(name) }
      return ShellOutput.changed(value, by: operation) ?? mark(name)
    }
    if let value = value(name), !value.isEmpty || match.output.1.isEmpty { return value }
    let isError = operation.dropFirst(match.output.1.count).first == "?"
    if isError { return mark(name) }
    return self.value(expandShell(operation[match.range.upperBound...], variables, depth: depth + 1), of: name)
  }
}
