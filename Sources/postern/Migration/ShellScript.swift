/// What a shell script gives to psql: here-documents, and the texts behind `-c`; and what `createuser` and `createdb` make.
struct ShellScript {
  /// SQL for psql.
  struct Piece {
    let sql: String
    /// The line of the script in which it begins, from 1.
    let line: Int
    /// The database that is named; nil for the default.
    let database: String?
    /// Variables of psql (`-v NAME=VALUE`).
    let variables: [String: String]
  }

  private(set) var pieces: [Piece] = []
  /// Lines that do something else.
  private(set) var others: [Int] = []

  private let variables: [String: String]

  init(_ text: String, _ variables: [String: String]) {
    self.variables = variables
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    var index = 0
    while index < lines.count {
      let start = index
      var command = ShellCommand()
      repeat {
        command.add(lines[index])
        index += 1
      } while index < lines.count && command.goesOn
      let words = Self.words(command.text, variables)
      if let document = command.document {
        let begin = index
        while index < lines.count, Self.stripped(lines[index], document) != document.delimiter { index += 1 }
        let body = lines[begin..<min(index, lines.count)].joined(separator: "\n") + "\n"
        index += 1
        guard words.contains(where: Self.isPsql) else {
          others.append(start + 1)
          continue
        }
        add(document.isPlain ? ScriptVariable.expandShell(body, variables) : body, words, line: begin + 1)
        take(words, line: start + 1, hasDocument: true)
      } else {
        take(words, line: start + 1, hasDocument: false)
      }
    }
  }

  private static func stripped(_ line: String, _ document: ShellCommand.Document) -> Substring {
    document.isIndented ? line.drop { $0 == "\t" } : line[...]
  }

  private static func isPsql(_ word: String) -> Bool { word == "psql" || word.hasSuffix("/psql") }

  /// The words of a command, with quotes taken off and variables replaced. Signs that end a command are words of their own.
  static func words(_ command: String, _ variables: [String: String]) -> [String] {
    var words: [String] = []
    var word: String?
    var rest = command[...]
    func add(_ part: some StringProtocol) {
      if word == nil { word = "" }
      word?.append(contentsOf: part)
    }
    while let sign = rest.popFirst() {
      switch sign {
      case "'":
        let text = rest.prefix { $0 != "'" }
        add(text)
        rest = rest[text.endIndex...].dropFirst()
      case "\"":
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] != "\"" {
          if rest[end] == "\\", rest.index(after: end) < rest.endIndex { end = rest.index(after: end) }
          end = rest.index(after: end)
        }
        add(ScriptVariable.expandShell(rest[..<end], variables))
        rest = rest[end...].dropFirst()
      case _ where sign.isWhitespace, ";", "|", "&", "(", ")", "<", ">":
        if let word { words.append(word) }
        word = nil
        if !sign.isWhitespace { words.append(String(sign)) }
      case "#" where word == nil: rest = ""
      case "\\":
        add(rest.prefix(1))
        rest = rest.dropFirst()
      case "$": add(ScriptVariable.expandShell("$" + ScriptVariable.takeReference(&rest), variables))
      default: add(String(sign))
      }
    }
    if let word { words.append(word) }
    return words
  }

  /// The values of an option, in its short and its long forms.
  private static func values(_ words: [String], _ short: String, _ long: String...) -> [String] {
    var values: [String] = []
    for (index, word) in words.enumerated() {
      if word == short || long.contains(word), index + 1 < words.count { values.append(words[index + 1]) }
      for name in long where word.hasPrefix(name + "=") { values.append(String(word.dropFirst(name.count + 1))) }
      if word.hasPrefix(short), word.count > 2, !word.hasPrefix("--") { values.append(String(word.dropFirst(2))) }
    }
    return values
  }

  private mutating func add(_ sql: String, _ words: [String], line: Int) {
    var known: [String: String] = [:]
    for assignment in Self.values(words, "-v", "--set", "--variable") {
      let parts = assignment.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { known[String(parts[0])] = String(parts[1]) }
    }
    let database = Self.values(words, "-d", "--dbname").last ?? Self.databaseArgument(words)
    pieces.append(
      Piece(sql: sql, line: line, database: database.map { ScriptVariable.database(in: $0) }, variables: known))
  }

  /// The database that psql is given without an option.
  private static func databaseArgument(_ words: [String]) -> String? {
    guard let start = words.firstIndex(where: isPsql) else { return nil }
    let long: Set = [
      "--command", "--dbname", "--file", "--field-separator", "--host", "--log-file", "--output", "--port", "--pset",
      "--record-separator", "--table-attr", "--username", "--set", "--variable",
    ]
    var rest = words[(start + 1)...]
    while let word = rest.popFirst() {
      if [";", "|", "&", "(", ")", "<", ">"].contains(word) { return nil }
      guard word.hasPrefix("-"), word != "-" else { return word }
      // The value of an option may be its next word.
      let value = word.hasPrefix("--") ? nil : word.firstIndex { "cdfFhLopPRTUv".contains($0) }
      if long.contains(word) || value.map({ word.index(after: $0) == word.endIndex }) == true { _ = rest.popFirst() }
    }
    return nil
  }

  private mutating func take(_ words: [String], line: Int, hasDocument: Bool) {
    let idle: Set = [
      "set", "#!/bin/bash", "echo", "fi", "done", "}", "{", "then", "else", "do", "exit", "shopt", "export", "EOF",
      "true", ":", "local",
      "return", "esac",
    ]
    guard let first = words.first else { return }
    if words.contains(where: Self.isPsql) {
      for sql in Self.values(words, "-c", "--command") { add(sql, words, line: line) }
      if !hasDocument, Self.values(words, "-c", "--command").isEmpty { others.append(line) }
    } else if first == "createdb", let name = words.dropFirst().last(where: { !$0.hasPrefix("-") }) {
      let owner = Self.values(words, "-O", "--owner").last
      add("CREATE DATABASE \(Self.quoted(name))" + (owner.map { " OWNER \(Self.quoted($0))" } ?? ""), [], line: line)
    } else if first == "createuser", let name = words.dropFirst().last(where: { !$0.hasPrefix("-") }) {
      add("CREATE USER \(Self.quoted(name))", [], line: line)
    } else if !idle.contains(first), !first.hasSuffix("()"), !hasDocument, !first.contains("=") {
      others.append(line)
    }
  }

  private static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}
