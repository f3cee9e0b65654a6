/// The SQL that an expression of literals gives: what psql's `\gexec` and PL/pgSQL's EXECUTE run. What is no literal in it is an
/// unknown name.
struct GeneratedStatement {
  private var rest: ArraySlice<SQLWord>
  private var depth = 0

  /// More than anybody writes, in functions within functions and in bytes: `format` may repeat what it is given.
  private static let (maximumDepth, maximumLength) = (16, 1 << 16)
  /// Words that end an expression.
  private static let ends: Set = ["where", "from", "into", "using", "as", "order", "limit", "union"]

  /// - Parameter words: the expression, and what stands behind it.
  /// - Returns: nil where it does not begin with a text.
  static func text(of words: ArraySlice<SQLWord>) -> String? {
    var statement = Self(rest: words)
    guard let text = statement.expression(), text != ScriptVariable.unknown else { return nil }
    return text
  }

  /// What psql runs of a statement with `\gexec`.
  static func text(ofQuery sql: String) -> String {
    guard let words = SQLWord.all(in: ScriptVariable.markingPsqls(in: sql))?.map(\.word) else { return "" }
    let first = words.first == .word("select") ? text(of: words.dropFirst()) : nil
    return first ?? words.lazy.compactMap(\.literal).first ?? ""
  }

  private mutating func take(_ word: SQLWord) -> Bool {
    guard rest.first == word else { return false }
    rest.removeFirst()
    return true
  }

  /// Terms between `||`. Nil where they grow too long.
  private mutating func expression() -> String? {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { return nil }
    var text = ""
    repeat {
      guard let term = term(), text.utf8.count + term.utf8.count <= Self.maximumLength else { return nil }
      text += term
    } while take(.sign("||"))
    return text
  }

  private mutating func term() -> String? {
    guard let first = rest.first else { return nil }
    if let literal = first.literal {
      rest.removeFirst()
      return isAtEnd ? literal : skip()
    }
    guard let name = first.keyword, rest.dropFirst().first == .sign("("),
      ["format", "quote_ident", "quote_literal", "concat"].contains(name)
    else { return skip() }
    rest.removeFirst(2)
    guard let arguments = arguments() else { return nil }
    let text: String? =
      switch name {
      case "format": Self.format(arguments)
      case "quote_ident": arguments.first.map(ProgramArguments.quoted)
      case "quote_literal": arguments.first.map(ProgramArguments.literal)
      default: arguments.joined()
      }
    return isAtEnd ? text : skip()
  }

  /// Up to the bracket that closes them.
  private mutating func arguments() -> [String]? {
    var arguments: [String] = []
    while !take(.sign(")")) {
      guard !rest.isEmpty, let argument = expression() else { return nil }
      arguments.append(argument)
      _ = take(.sign(","))
    }
    return arguments
  }

  /// Whether a term ends here.
  private var isAtEnd: Bool {
    guard let next = rest.first else { return true }
    return [.sign("||"), .sign(","), .sign(")"), .sign(";")].contains(next) || Self.ends.contains(next.keyword ?? "")
  }

  /// Skips a term that is not read.
  private mutating func skip() -> String {
    var open = 0
    while let next = rest.first, open > 0 || !isAtEnd {
      open += next == .sign("(") ? 1 : next == .sign(")") ? -1 : 0
      rest.removeFirst()
    }
    return ScriptVariable.unknown
  }

  /// PostgreSQL's `format` (its docs, "String Functions"), without widths.
  private static func format(_ arguments: [String]) -> String? {
    guard let template = arguments.first else { return nil }
    var (text, next) = ("", 1)
    var rest = template[...]
    while let sign = rest.popFirst() {
      guard sign == "%" else {
        text.append(sign)
        continue
      }
      if let position = rest.prefixMatch(of: /(\d{1,3})\$/) {
        next = Int(position.output.1) ?? next
        rest = rest[position.range.upperBound...]
      }
      let type = rest.popFirst()
      if type == "%" {
        text.append("%")
        continue
      }
      let argument = next > 0 && next < arguments.count ? arguments[next] : ScriptVariable.unknown
      next += 1
      switch type {
      case "I": text += ProgramArguments.quoted(argument)
      case "L": text += ProgramArguments.literal(argument)
      case "s": text += argument
      default: return nil
      }
      guard text.utf8.count <= maximumLength else { return nil }
    }
    return text
  }
}
