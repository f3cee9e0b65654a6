import PostgresParser

/// Reads one statement into facts, by PostgreSQL's own scanner and grammar.
struct InitStatement {
  private var rest: ArraySlice<SQLWord>

  /// The facts of a statement. More than one come out of DO blocks, and out of what psql's `\gexec` runs.
  static func facts(of sql: String) -> [InitFact] {
    guard let words = words(of: sql) ?? words(of: ScriptVariable.markingPsqls(in: sql)) else { return [.unreadable] }
    if words.first == .word("do"),
      let body = words.lazy.compactMap(\.literal).max(by: { $0.utf8.count < $1.utf8.count })
    {
      return inBlock(body)
    }
    return facts(of: words[...])
  }

  /// The fact of a statement's words, and what it leaves of them.
  private static func facts(of words: ArraySlice<SQLWord>) -> [InitFact] {
    var statement = InitStatement(rest: words)
    let fact = statement.fact()
    let more = statement.rest.compactMap(\.keyword)
    switch fact {
    case .membership, .owner, .databaseLimit, .allOn, .extension: return more.isEmpty ? [fact] : [fact, .more(more)]
    default: return [fact]
    }
  }

  /// The words of a statement that PostgreSQL's grammar takes.
  private static func words(of sql: String) -> [SQLWord]? {
    guard let words = SQLWord.all(in: sql)?.map(\.word) else { return nil }
    return PostgresParser.syntaxError(in: sql) == nil ? words : nil
  }

  /// What stands in a block of PL/pgSQL: statements behind the words that begin them.
  private static func inBlock(_ body: String) -> [InitFact] {
    guard let words = SQLWord.all(in: body)?.map(\.word) else { return [.other] }
    var facts: [InitFact] = []
    var current: [SQLWord] = []
    var hasOthers = false
    var isDeclaring = false
    func end() {
      defer { current = [] }
      // Variables, whose types are no statements.
      guard !isDeclaring else { return }
      var statement = current
      // What a block in it would run is not looked into: such a text can hold itself.
      if current.first == .word("execute"), let text = GeneratedStatement.text(of: current[1...]),
        let generated = self.words(of: text)
      {
        statement = generated
      }
      for fact in self.facts(of: statement[...]) {
        switch fact {
        case .nothing, .unreadable: break
        case .other: hasOthers = hasOthers || !isControl(statement)
        default: facts.append(fact)
        }
      }
    }
    for word in words {
      switch word {
      case .sign(";"): end()
      case .word("declare") where current.isEmpty: isDeclaring = true
      case .word("begin"):
        isDeclaring = false
        current = []
      case .word("then"), .word("else"), .word("loop"): current = []
      default: current.append(word)
      }
    }
    end()
    return facts.isEmpty || hasOthers ? facts + [.other] : facts
  }

  /// Whether a statement of PL/pgSQL changes nothing but the block's own course and variables. What calls a function may.
  private static func isControl(_ statement: [SQLWord]) -> Bool {
    guard case .word(let first)? = statement.first else { return false }
    let control: Set = [
      "if", "elsif", "elseif", "case", "when", "exception", "while", "for", "foreach", "exit", "continue", "return",
      "null", "raise", "assert",
    ]
    if control.contains(first) { return true }
    let isAssignment = [.sign(":="), .sign("=")].contains(statement.dropFirst().first)
    return (isAssignment || ["select", "perform"].contains(first)) && !statement.contains(.sign("("))
  }

  private mutating func take(_ words: String...) -> Bool {
    guard rest.prefix(words.count).elementsEqual(words.map(SQLWord.word)) else { return false }
    rest = rest.dropFirst(words.count)
    return true
  }

  private mutating func name() -> String? {
    guard let name = rest.first?.identifier else { return nil }
    rest.removeFirst()
    return name
  }

  private mutating func names() -> [String] {
    var names: [String] = []
    while let name = name() {
      names.append(name)
      guard rest.first == .sign(",") else { break }
      rest.removeFirst()
    }
    return names
  }

  private mutating func fact() -> InitFact {
    if take("create", "user", "mapping") { return .other }
    if take("create", "user") { return name().map { .role($0, RoleOptions(rest), isUser: true) } ?? .other }
    if take("create", "role") || take("create", "group") {
      return name().map { .role($0, RoleOptions(rest), isUser: false) } ?? .other
    }
    if take("alter", "user", "mapping") { return .other }
    if take("alter", "role") || take("alter", "user") || take("alter", "group") { return alteredRole() }
    if take("create", "database") { return database() }
    if take("alter", "database") { return alteredDatabase() }
    if take("grant") { return grant() }
    if take("revoke") || take("alter", "default", "privileges") { return .grant }
    if take("create", "extension") { return `extension`() }
    if take("create", "schema") { return schema() }
    let harmless = ["begin", "commit", "end", "start", "set", "reset"]
    // `SELECT 1` waits for the server.
    let isQuestion =
      rest.first == .word("select") && rest.dropFirst().allSatisfy { if case .number = $0 { true } else { false } }
    return rest.isEmpty || isQuestion || harmless.contains(rest.first?.keyword ?? "") ? .nothing : .other
  }

  private mutating func alteredRole() -> InitFact {
    guard let name = name() else { return .other }
    // A role's parameters and its new name are no options.
    if [.word("set"), .word("reset"), .word("rename"), .word("in"), .word("add"), .word("drop")].contains(rest.first) {
      return .other
    }
    return .alteredRole(name, RoleOptions(rest))
  }

  private mutating func database() -> InitFact {
    guard let name = name() else { return .other }
    var database = MigratedDatabase(name: name, owner: "")
    var hasMore = false
    _ = take("with")
    while let option = rest.popFirst()?.keyword {
      let isLimit = option == "connection" && take("limit")
      if rest.first == .sign("=") { rest.removeFirst() }
      if option == "owner" {
        database.owner = self.name() ?? ""
      } else if isLimit {
        database.connectionLimit = limit()
      } else {
        let value = rest.popFirst()
        let text = value?.literal ?? value?.identifier
        switch option {
        case "encoding": database.encoding = text
        case "locale", "lc_collate": database.locale = text
        case "lc_ctype": hasMore = hasMore || text != database.locale && database.locale != nil
        case "template": database.template = text == "template1" ? nil : text
        default: hasMore = true
        }
      }
    }
    return .database(database, hasMore: hasMore)
  }

  private mutating func limit() -> Int? {
    guard case .number(let text)? = rest.popFirst() else { return nil }
    return Int(text)
  }

  private mutating func alteredDatabase() -> InitFact {
    guard let database = name() else { return .other }
    if take("owner", "to") { return name().map { .owner(of: database, $0) } ?? .other }
    _ = take("with")
    if take("connection", "limit") {
      if rest.first == .sign("=") { rest.removeFirst() }
      return .databaseLimit(of: database, limit())
    }
    return .other
  }

  private mutating func grant() -> InitFact {
    let isAll = take("all")
    if isAll { _ = take("privileges") }
    if isAll, take("on", "database") {
      let databases = names()
      return take("to") ? .allOn(databases: databases, to: names()) : .grant
    }
    guard !isAll, !rest.contains(.word("on")) else { return .grant }
    let roles = names()
    return take("to") ? .membership(of: names(), in: roles) : .grant
  }

  private mutating func `extension`() -> InitFact {
    let isRepeatable = take("if", "not", "exists")
    guard let name = name() else { return .other }
    var schema: String?
    var version: String?
    var others: [SQLWord] = []
    _ = take("with")
    while let option = rest.popFirst() {
      switch option.keyword {
      case "schema": schema = self.name()
      case "version":
        let value = rest.popFirst()
        version = value?.literal ?? value?.identifier
      default: others.append(option)
      }
    }
    rest = others[...]
    return .extension(name: name, schema: schema, version: version, isRepeatable: isRepeatable)
  }

  private mutating func schema() -> InitFact {
    let isRepeatable = take("if", "not", "exists")
    let name = rest.first == .word("authorization") ? nil : self.name()
    let owner = take("authorization") ? self.name() : nil
    // Objects may be made in it by the same statement.
    guard rest.isEmpty, let schema = name ?? owner else { return .other }
    return .schema(name: schema, owner: owner, isRepeatable: isRepeatable)
  }
}
