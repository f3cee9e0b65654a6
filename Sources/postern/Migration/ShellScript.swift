import Declarations

/// What a shell script sends to a server: by psql, `createuser` and `createdb`.
struct ShellScript {
  /// What one program sends.
  struct Piece {
    var texts: [(sql: String, line: Int)] = []
    /// The database in which it runs; nil where that does not matter.
    var database: String?
    /// Variables of psql.
    var variables: [String: String] = [:]
  }

  private(set) var pieces: [Piece] = []
  /// Lines that do something else, or something that cannot be read for sure.
  private(set) var others: [Int] = []

  private let variables: [String: String]
  private var functions: [String: ShellBody]
  /// How much text of loops and functions is still read anew.
  private var budget: Int
  /// The system's user, who is the server's where a program names none.
  private let account: String
  private let depth: Int
  /// The line of the whole script on which the text begins.
  private let firstLine: Int

  init(_ text: String, _ variables: [String: String]) {
    self.init(text, from: 1, variables, [:], account: "postgres", depth: 0, budget: 200_000)
  }

  private init(
    _ text: String, from line: Int, _ variables: [String: String], _ functions: [String: ShellBody], account: String,
    depth: Int, budget: Int
  ) {
    let (syntax, known) = ShellSyntax.read(text, variables)
    (self.variables, self.functions, self.account, self.depth) = (known, functions, account, depth)
    (self.budget, firstLine) = (budget, line)
    for block in syntax.blocks {
      if case .function(let name) = block.kind { self.functions[name] = inScript(block.body) }
    }
    let blocks = Dictionary(grouping: syntax.blocks, by: \.commands.lowerBound)
    let calls = Dictionary(grouping: syntax.commands.indices) { syntax.commands[$0].words.first?.text }
    var isRead: Set<Int> = []
    var index = 0
    while index < syntax.commands.count {
      if let block = Self.readable(blocks[index] ?? [], calls, known) {
        isRead.formUnion(block.compounds)
        if case .loop(let variable, let list) = block.kind {
          for value in Self.values(of: list, known) ?? [] { run(inScript(block.body), [variable: value]) }
        }
        for values in Self.lines(of: block, known) ?? [] { run(inScript(block.body), values) }
        index = block.commands.upperBound
      } else {
        take(syntax.commands[index])
        index += 1
      }
    }
    let compounds = syntax.compounds.enumerated().filter { !isRead.contains($0.offset) }.map { inScript($0.element) }
    others = Set(others + compounds).sorted()
  }

  /// The line of the whole script that a line of the text is.
  private func inScript(_ line: Int) -> Int { firstLine + line - 1 }

  private func inScript(_ body: ShellBody) -> ShellBody { ShellBody(text: body.text, line: inScript(body.line)) }

  // MARK: Loops and functions

  /// The outermost block that begins with a command and need not be read as if it were run once: a loop over values that are
  /// known, or a function that is called.
  /// - Parameters:
  ///   - blocks: those that begin with the command.
  ///   - calls: the indices of all commands, by their first words.
  private static func readable(
    _ blocks: [ShellSyntax.Block], _ calls: [String?: [Int]], _ known: [String: String]
  ) -> ShellSyntax.Block? {
    // What holds another one ends after it.
    blocks.last { block in
      guard !block.commands.isEmpty else { return false }
      switch block.kind {
      case .loop(_, let list): return values(of: list, known) != nil
      case .reading: return lines(of: block, known) != nil
      case .function(let name): return calls[name]?.contains { !block.commands.contains($0) } ?? false
      }
    }
  }

  /// More values of a loop than anybody writes.
  private static let maximumValues = 100

  /// The values that a loop's variable takes; nil where they are not known.
  private static func values(of list: [ShellWord], _ known: [String: String]) -> [String]? {
    var values: [String] = []
    for word in list {
      guard !ScriptVariable.isIn(word.text), !word.text.contains(where: { "*?[{".contains($0) }) else { return nil }
      if let those = ScriptVariable.values(of: word.text) {
        values += those
      } else if word.isExpanded, !ScriptVariable.isList(word.text),
        let fields = ShellSyntax.fields(of: word.text, by: known["IFS"])
      {
        values += fields
      } else if !word.isExpanded, word.isSure {
        values.append(word.text)
      } else {
        return nil
      }
    }
    return !list.isEmpty && values.count <= maximumValues ? values : nil
  }

  /// The values of a loop's variables for each line that it reads; nil where they are not known.
  private static func lines(of block: ShellSyntax.Block, _ known: [String: String]) -> [[String: String]]? {
    guard case .reading(let names, let signs) = block.kind else { return nil }
    let text: String
    switch block.source.input {
    case .text(let given, _)?: text = given
    case .other?:
      guard let path = block.source.inputPath, path.hasPrefix("/"), let held = known[path] else { return nil }
      text = held
    case nil: return nil
    }
    let lines = text.split(separator: "\n")
    guard !ScriptVariable.isIn(text), lines.count <= maximumValues else { return nil }
    var all: [[String: String]] = []
    for line in lines {
      // A script may pass over some lines, such as comments.
      guard !line.hasPrefix("#"), let fields = ShellSyntax.fields(of: String(line), by: signs ?? known["IFS"]),
        fields.count <= names.count
      else { return nil }
      all.append(
        Dictionary(names.enumerated().map { ($1, $0 < fields.count ? fields[$0] : "") }) { $1 })
    }
    return all
  }

  /// Reads a text once more, with values of its own.
  private mutating func run(_ body: ShellBody, _ values: [String: String]) {
    budget -= body.text.utf8.count + 100
    guard budget > 0, depth < Self.maximumDepth else { return others.append(body.line) }
    var values = Dictionary(uniqueKeysWithValues: values.map { ($0, ScriptVariable.value($1, of: $0)) })
    // What the body itself assigns is not known before. Often it is the same value without spaces.
    let assigned = ShellSyntax(body.text, variables.merging(values) { $1 }).assigned
    let names = Set(assigned.map(\.name))
    let known = variables.filter { !names.contains($0.key) || !ScriptVariable.isIn($0.value) }
    for case (let name, let value?) in assigned where values[name]?.trimmed == value { values[name] = value }
    let script = ShellScript(
      body.text, from: body.line, known.merging(values) { $1 }, functions, account: account, depth: depth + 1,
      budget: budget)
    take(script)
  }

  private mutating func take(_ script: ShellScript) {
    budget = script.budget
    pieces += script.pieces
    others += script.others
  }

  // MARK: Commands

  /// What only prints, looks, waits, or changes the script itself.
  private static let idle: Set = [
    "set", "shopt", "export", "local", "readonly", "declare", "typeset", "unset", "read", "echo", "printf", "cat",
    "true", "false", ":", "exit", "return", "break", "continue", "shift", "sleep", "wait", "trap", "test", "[", "[[",
    "type",
    "which", "hash", "date", "pg_isready",
  ]
  /// What only prints a part of what it reads from a pipe.
  private static let filters: Set = ["grep", "egrep", "cut", "tr", "wc", "head", "tail", "sort", "uniq"]

  private mutating func take(_ command: ShellCommand) {
    let words = command.assignments + command.words
    if words.contains(where: { $0.commands.contains { $0.contains(/\b(?:psql|createuser|createdb)\b/) } }) {
      others.append(inScript(command.line))
    }
    guard let first = command.words.first, !isIdle(first.text, command) else { return }
    let before = pieces.count
    var isRead = true
    if let body = functions[first.text], first.isSure {
      let operands = command.words.dropFirst().map(\.text)
      run(body, Dictionary(uniqueKeysWithValues: operands.enumerated().map { ("\($0.offset + 1)", $0.element) }))
    } else {
      isRead = run(command.words, by: account, command)
    }
    if !isRead || command.isConditional && pieces.count > before { others.append(inScript(command.line)) }
  }

  private func isIdle(_ program: String, _ command: ShellCommand) -> Bool {
    guard !command.isKept else { return false }
    switch program {
    case "cat": return command.words.count == 1 || command.words.dropFirst().allSatisfy { $0.text == "-" }
    case "command": return command.words.dropFirst().first?.text.lowercased() == "-v"
    case _ where Self.filters.contains(program): return command.readsPipe
    default: return Self.idle.contains(program)
    }
  }

  /// Reads a program with its arguments, or the one that it runs.
  /// - Returns: whether all of it is read for sure.
  private mutating func run(_ words: [ShellWord], by account: String, _ command: ShellCommand) -> Bool {
    guard let first = words.first, first.isSure, let program = first.text.split(separator: "/").last else {
      return false
    }
    let rest = words.dropFirst()
    switch program {
    case "psql": return ProgramArguments(rest, .psql).map { runPsql($0, by: account, command) } ?? false
    case "createuser":
      guard let arguments = ProgramArguments(rest, .createuser), arguments.operands.count == 1 else { return false }
      let (options, isRead) = arguments.userOptions
      return make("CREATE USER", arguments, options) && isRead
    case "createdb":
      guard let arguments = ProgramArguments(rest, .createdb), arguments.operands.count <= 2 else { return false }
      return make("CREATE DATABASE", arguments, arguments.databaseOptions)
    case "sh", "bash", "dash", "ash":
      guard let arguments = ProgramArguments(rest, .shell), arguments.last("command") != nil else { return false }
      return runText(arguments.operands.first, by: account)
    case "su":
      guard let arguments = ProgramArguments(rest, .su) else { return false }
      return runText(arguments.last("command"), by: arguments.operands.first { $0.text != "-" }?.text ?? "root")
    case "runuser":
      guard let arguments = ProgramArguments(rest, .runuser) else { return false }
      if let user = arguments.last("user") { return run(arguments.operands, by: user.text, command) }
      return runText(arguments.last("command"), by: arguments.operands.first { $0.text != "-" }?.text ?? "root")
    default:
      guard let options = ProgramOptions.launchers[String(program)], let arguments = ProgramArguments(rest, options)
      else { return false }
      var (operands, account) = (arguments.operands, account)
      switch program {
      case "gosu", "su-exec": account = operands.isEmpty ? account : operands.removeFirst().text
      case "sudo": account = arguments.last("user")?.text ?? "root"
      case "timeout": operands = Array(operands.dropFirst())
      default: break
      }
      return run(Array(operands.drop { $0.assigned != nil }), by: account, command)
    }
  }

  /// Texts in texts that are looked into: more than anybody writes.
  private static let maximumDepth = 4

  /// Reads the text that another shell is given.
  private mutating func runText(_ text: ShellWord?, by account: String) -> Bool {
    guard let text, text.isSure, depth < Self.maximumDepth else { return false }
    take(
      ShellScript(
        text.text, from: inScript(text.line), variables, functions, account: account, depth: depth + 1, budget: budget))
    return true
  }

  // MARK: psql

  private mutating func runPsql(_ arguments: ProgramArguments, by account: String, _ command: ShellCommand) -> Bool {
    var piece = Piece(database: database(arguments, by: account, command))
    var isRead = true
    var wantsInput = true
    for (name, value) in arguments.options {
      switch name {
      case "command":
        piece.texts.append((value.text, inScript(value.line)))
        wantsInput = false
      case "file" where ["-", "/dev/stdin"].contains(value.text):
        isRead = takeInput(of: command, &piece) && isRead
        wantsInput = false
      case "file": (isRead, wantsInput) = (false, false)
      case "list": wantsInput = false
      case "variable", "set":
        let name = String(value.text.prefix { $0 != "=" })
        if name.isEmpty {
          isRead = false
        } else if name.count + 1 < value.text.count {
          piece.variables[name] = ScriptVariable.value(String(value.text.dropFirst(name.count + 1)), of: name)
        }
      default: break
      }
    }
    if wantsInput {
      isRead = takeInput(of: command, &piece)
    } else if case .text? = command.input, !arguments.options.contains(where: { $0.name == "file" }) {
      // psql does not read it.
      isRead = false
    }
    if !piece.texts.isEmpty { pieces.append(piece) }
    return isRead
  }

  private func takeInput(of command: ShellCommand, _ piece: inout Piece) -> Bool {
    guard case .text(let text, let line)? = command.input else { return false }
    piece.texts.append((text, inScript(line)))
    return true
  }

  /// The database that psql is given, or the one of its user's name.
  private func database(_ arguments: ProgramArguments, by account: String, _ command: ShellCommand) -> String {
    func variable(_ name: String) -> String? {
      command.assignments.last { $0.assigned == name }.map { String($0.value) } ?? variables[name]
    }
    var operands = arguments.operands[...]
    let named = arguments.last("dbname") ?? operands.popFirst()
    let user = arguments.last("username") ?? operands.popFirst()
    let name = named?.text ?? variable("PGDATABASE") ?? user?.text ?? variable("PGUSER") ?? account
    return ScriptVariable.database(in: name)
  }

  // MARK: createuser and createdb

  /// Sends a statement about what the first name is. createdb takes a second one, the database's comment, which has no like.
  private mutating func make(_ statement: String, _ arguments: ProgramArguments, _ options: String) -> Bool {
    let names = arguments.operands
    // An unquoted variable alone may be a name; among others, or with several words in it, it may be anything.
    guard let name = names.first, !name.text.isEmpty, !name.text.contains("://"),
      names.allSatisfy(\.isSure) || names.count == 1 && ScriptVariable.isIn(name.text)
    else { return false }
    pieces.append(Piece(texts: [("\(statement) \(ProgramArguments.quoted(name.text))\(options)", inScript(name.line))]))
    return names.count == 1
  }
}
