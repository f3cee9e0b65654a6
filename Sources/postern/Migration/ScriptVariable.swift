/// Variables of a shell or of psql in a script. One whose value is not known stands between two signs that no name has, so that
/// SQL around it can still be read.
enum ScriptVariable {
  private static let (before, after): (Character, Character) = ("\u{E000}", "\u{E001}")

  static func mark(_ name: String) -> String { "\(before)\(name)\(after)" }

  /// Whether a name holds a variable.
  static func isIn(_ name: String) -> Bool { name.contains(before) }

  /// The name for people, with `$` before its variables.
  static func shown(_ name: String) -> String {
    String(name.flatMap { $0 == before ? "$" : $0 == after ? "" : String($0) })
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
    var result = ""
    var rest = Substring(text)
    while let sign = rest.popFirst() {
      switch sign {
      case "\\" where rest.first.map { "$`\\\n\"".contains($0) } == true:
        if let next = rest.popFirst(), next != "\n" { result.append(next) }
      case "`":
        rest = rest.drop { $0 != "`" }.dropFirst()
        result += mark("…")
      case "$":
        result += expansion(&rest, variables)
      default: result.append(sign)
      }
    }
    return result
  }

  /// What stands behind a `$`.
  private static func expansion(_ rest: inout Substring, _ variables: [String: String]) -> String {
    if rest.first == "(" {
      var depth = 0
      while let sign = rest.popFirst() {
        if sign == "(" { depth += 1 }
        if sign == ")" { depth -= 1 }
        if depth == 0 { break }
      }
      return mark("…")
    }
    if rest.first == "{" {
      let inner = rest.dropFirst().prefix { $0 != "}" }
      rest = rest.drop { $0 != "}" }.dropFirst()
      let name = String(inner.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
      let operation = inner.dropFirst(name.count)
      if let value = variables[name], !value.isEmpty || !operation.hasPrefix(":-") { return value }
      for sign in [":-", "-"] where operation.hasPrefix(sign) {
        return expandShell(operation.dropFirst(sign.count), variables)
      }
      return mark(name)
    }
    let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    guard let first = name.first else { return "$" }
    let length = first.isNumber ? 1 : name.count
    rest = rest.dropFirst(length)
    return variables[String(name.prefix(length))] ?? mark(String(name.prefix(length)))
  }
}
