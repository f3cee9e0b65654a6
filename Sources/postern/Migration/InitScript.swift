import Provisioning

/// What a script for an empty data folder says, fact by fact.
struct InitScript {
  struct Found {
    let fact: InitFact
    /// The line, from 1.
    let line: Int
    /// The database in which it runs; nil for the one in which the script begins.
    let database: String?
    /// Variables of psql that are known there.
    var variables: [String: String]
  }

  private(set) var found: [Found] = []
  /// Lines with commands of psql that do something besides choosing the database, or with COPY from the client, and lines of a
  /// shell script that do something else.
  private(set) var others: [Int] = []
  /// Whether its text is SQL alone, which could be sent to a server.
  private(set) var isPlain = true
  /// Variables of the container, for psql to take over.
  private let environment: [String: String]

  /// - Parameters:
  ///   - isShell: whether the image runs it by a shell.
  ///   - variables: of the container that runs it.
  init(_ text: String, isShell: Bool, _ variables: [String: String]) {
    environment = variables
    guard isShell else {
      var database: String?
      var known: [String: String] = [:]
      read(text, from: 1, in: &database, &known)
      return
    }
    isPlain = false
    let shell = ShellScript(text, variables)
    others = shell.others
    for piece in shell.pieces {
      var (database, variables) = (piece.database, piece.variables)
      for (sql, line) in piece.texts { read(sql, from: line, in: &database, &variables) }
    }
  }

  /// The lines of some of what was found.
  func lines(_ isMeant: (InitFact) -> Bool) -> [Int] {
    Array(Set(found.filter { isMeant($0.fact) }.map(\.line))).sorted()
  }

  /// Reads what one psql is given; the database to which it changes is the one for what comes next.
  private mutating func read(
    _ sql: String, from first: Int, in database: inout String?, _ variables: inout [String: String]
  ) {
    let (statements, errors, _) = ScriptStatement.check(sql, isTransaction: false)
    let lines = sql.split(omittingEmptySubsequences: false) { $0.isNewline }
    var commands = errors.compactMap { Self.place(of: $0) }[...]
    isPlain = isPlain && commands.isEmpty
    for (index, statement) in statements.enumerated() {
      while let command = commands.first, command < (statement.line, statement.column) {
        commands.removeFirst()
        run(Self.text(lines, command), at: first + command.line - 1, &database, &variables)
      }
      let next =
        index + 1 < statements.count ? (statements[index + 1].line, statements[index + 1].column) : (Int.max, 0)
      var text = statement.text
      // What psql's `\gexec` runs is what the statement selects.
      if let command = commands.first, command < next, Self.text(lines, command).hasPrefix("\\gexec") {
        commands.removeFirst()
        text = GeneratedStatement.text(ofQuery: text)
      }
      for fact in InitStatement.facts(of: text) {
        found.append(Found(fact: fact, line: first + statement.line - 1, database: database, variables: variables))
      }
    }
    for command in commands { run(Self.text(lines, command), at: first + command.line - 1, &database, &variables) }
  }

  private static func place(of error: ScriptError) -> (line: Int, column: Int)? {
    guard let match = error.message.prefixMatch(of: /line (\d+), column (\d+)/), let line = Int(match.output.1),
      let column = Int(match.output.2)
    else { return nil }
    return (line, column)
  }

  private static func text(_ lines: [Substring], _ place: (line: Int, column: Int)) -> Substring {
    guard place.line <= lines.count else { return "" }
    return lines[place.line - 1].dropFirst(place.column - 1)
  }

  /// A command of psql.
  private mutating func run(
    _ text: Substring, at line: Int, _ database: inout String?, _ variables: inout [String: String]
  ) {
    let words = ShellLexer(String(text.dropFirst()), [:]).words
    switch words.first {
    case "c", "connect":
      if let name = words.dropFirst().first(where: { !$0.hasPrefix("-reuse-previous") }), name != "-" {
        let name = name.hasPrefix(":") ? ScriptVariable.mark(String(name.dropFirst())) : name
        database = ScriptVariable.database(in: ScriptVariable.expand(name, variables))
      }
    case "set" where text.contains("`"): takeOutput(of: text, &variables)
    case "getenv":
      if words.count > 2 { variables[words[1]] = environment[words[2]] ?? ScriptVariable.mark(words[2]) }
    case "set":
      if words.count > 2 { variables[words[1]] = ScriptVariable.value(words.dropFirst(2).joined(), of: words[1]) }
    case "echo", "q", "timing", "pset", "unset", "encoding", "if", "else", "elif", "endif", "qecho", "warn", "restrict",
      "unrestrict":
      break
    default: others.append(line)
    }
  }

  /// `\set NAME` with the output of a shell's command: a variable's value is mostly taken over in this way.
  private func takeOutput(of text: Substring, _ variables: inout [String: String]) {
    guard let match = text.firstMatch(of: /^\\set\s+([A-Za-z_][A-Za-z0-9_]*)\s+`([^`]*)`\s*$/) else { return }
    let name = String(match.output.1)
    let value = ShellOutput.text(of: match.output.2, environment) ?? ScriptVariable.unknown
    variables[name] = ScriptVariable.value(value, of: name)
  }
}
