import Provisioning

/// SQL that the parser knows and an older server does not (PostgreSQL's release notes, "Changes", of 13 to 18). Quoted
/// text, such as the bodies of most functions, is not checked.
struct NewerSyntax: Equatable {
  /// How it is written in SQL.
  let name: String
  /// The first major version that knows it.
  let version: Int
  /// Whether it may be something else with the same name, such as a function of the user's own.
  let isGuess: Bool
  /// The offset of its first byte in the script.
  let start: Int

  /// The syntax in a script that a server of this major version does not know, with the first place of each.
  static func all(in statements: [ScriptStatement], for server: Int) -> [NewerSyntax] {
    guard server < newest else { return [] }
    var found: [NewerSyntax] = []
    var names: Set<String> = []
    for statement in statements { find(in: statement.tokens, for: server, &found, &names) }
    return found
  }

  private static func find(
    in tokens: [ScriptToken], for server: Int, _ found: inout [NewerSyntax], _ names: inout Set<String>
  ) {
    func add(_ name: String, _ version: Int, isGuess: Bool = false, at start: Int) {
      guard server < version, names.insert(name).inserted else { return }
      found.append(NewerSyntax(name: name, version: version, isGuess: isGuess, start: start))
    }
    var isMerge = false
    var isReturning = false
    var opened: [Parenthesis] = []
    let command = Command(tokens)
    var isBehindOn = false
    var isInElements = false
    for (index, token) in tokens.enumerated() {
      let rest = tokens[index...]
      if index == 0 || tokens[index - 1].text == ";" && opened.isEmpty { (isMerge, isReturning) = (false, false) }
      for known in Known.beginning(with: token.text.utf8.first) where server < known.version {
        switch known {
        case .construct(let words, let version):
          // A domain has known both forms of ADD for longer.
          if rest.starts(with: words) {
            add(name(words), command == .domain ? min(version, 17) : version, at: token.start)
          }
        case .function(let name, let version):
          guard token.text == name, rest.dropFirst().first?.text == "(" else { continue }
          add(name.uppercased(), version, isGuess: true, at: token.start)
        }
      }
      let previous = index > 0 ? tokens[index - 1].text : ""
      if case .options(let options, let name, let end) = command, index < end, previous == "(" || previous == ",",
        let version = options[token.text]
      {
        add(Self.name([name, "(", token.text]), version, at: token.start)
      }
      switch token.text {
      case "merge": isMerge = isMerge || rest.starts(with: ["merge", "into"])
      case "returning":
        if opened.last == .jsonObject { add("JSON_OBJECT with a key", 16, isGuess: true, at: token.start) }
        isReturning = true
        if isMerge { add("RETURNING of MERGE", 17, at: token.start) }
      case "old", "new":
        guard isReturning, rest.dropFirst().first?.text == "." else { break }
        add("\(token.text.uppercased()) in RETURNING", 18, isGuess: true, at: token.start)
      case "system_user":
        if previous != "." { add("SYSTEM_USER", 16, isGuess: true, at: token.start) }
      case "storage":
        // ALTER TABLE has known SET STORAGE for long.
        if previous != "set", storages.contains(rest.dropFirst().first?.text ?? ""), !opened.isEmpty {
          add("STORAGE of a new column", 16, at: token.start)
        }
      case "period":
        if opened.last == .foreignKey, previous == ",", rest.dropFirst(2).first?.text == ")" {
          add("PERIOD of a foreign key", 18, at: token.start)
        }
      case "not":
        guard rest.starts(with: ["not", "null"]) else { break }
        if opened.isEmpty, previous == "add" {
          let isDomain = command == .domain
          add("ADD NOT NULL of a \(isDomain ? "domain" : "table")", isDomain ? 17 : 18, at: token.start)
        }
        // Behind a column it has no name.
        if isInElements, opened.count == 1, previous == "(" || previous == ",",
          let next = rest.dropFirst(2).first?.text, next != ")", next != ","
        {
          add("NOT NULL of a table", 18, at: token.start)
        }
      case ":":
        let next = rest.dropFirst().first?.text
        guard opened.last == .jsonObject, previous != ":", next != ":", next != "=" else { break }
        add("JSON_OBJECT with a key", 16, isGuess: true, at: token.start)
      case "value", "absent":
        let next = rest.dropFirst().first?.text ?? ")"
        guard opened.last == .jsonObject, !["(", ",", "."].contains(previous), ![")", ",", ".", "["].contains(next)
        else { break }
        add("JSON_OBJECT with a key", 16, isGuess: true, at: token.start)
      case "indent":
        guard opened.last == .xmlSerialize, previous != "as", previous != ".", rest.dropFirst().first?.text == ")"
        else { break }
        add("INDENT of XMLSERIALIZE", 16, at: token.start)
      case "[": opened.append(.other)
      case "]": _ = opened.popLast()
      case "on": isBehindOn = isBehindOn || command == .statistics && opened.isEmpty
      case "return":
        if command == .routine, opened.isEmpty { add("RETURN of a function", 14, at: token.start) }
      case "where":
        if command == .publication, opened.isEmpty { add("WHERE of a publication", 15, at: token.start) }
      case "random":
        guard rest.dropFirst().first?.text == "(", rest.dropFirst(2).first?.text != ")" else { break }
        add("RANDOM with arguments", 17, isGuess: true, at: token.start)
      case "(":
        if command == .publication, opened.isEmpty, !["with", "set", "where"].contains(previous) {
          add("a list of columns in a publication", 15, at: token.start)
        }
        // A column in parentheses is no expression.
        if isBehindOn, opened.isEmpty, ![",", "on"].contains(previous) || rest.dropFirst(2).first?.text != ")" {
          add("an expression in CREATE STATISTICS", 14, at: token.start)
        }
        if opened.isEmpty {
          isInElements = command == .table && !queries.contains(rest.dropFirst().first?.text ?? "")
        }
        opened.append(Parenthesis(tokens, at: index, in: opened.last))
      case ")":
        let next = rest.dropFirst().first?.text
        switch opened.popLast() {
        case .generated:
          guard next != "stored" else { break }
          add("a generated column that is not STORED", 18, at: token.start)
        case .subquery:
          guard afterNoName.contains(next ?? ";") else { break }
          add("a subquery in FROM without a name", 16, at: token.start)
        case .check:
          if next == "enforced" { add("ENFORCED of a CHECK", 18, at: token.start) }
        case .foreignKey, .call, .jsonObject, .xmlSerialize, .other, nil: break
        }
      default:
        if isNewNumber(token.text) { add("the number \(token.text)", 16, at: token.start) }
      }
    }
  }

  private static let newest = 18

  /// The words, without a sign that only says where they must stand.
  static func name(_ words: [String]) -> String {
    words.drop { ["(", ")", ","].contains($0) }.map { $0 == "*" ? "…" : $0.uppercased() }.joined(separator: " ")
  }

  static let constructs: [String: [(words: [String], version: Int)]] = Dictionary(
    grouping: [
      ("row with ties", 13), ("rows with ties", 13), ("create or replace trigger", 14), ("begin atomic", 14),
      ("group by distinct", 14), ("search depth first", 14), ("search breadth first", 14), ("merge into", 15),
      ("nulls not distinct", 15), ("nulls distinct", 15), ("with ( security_invoker", 15), ("security_invoker =", 15),
      ("for tables in schema", 15), ("add tables in schema", 15), ("set tables in schema", 15),
      ("drop tables in schema", 15), (", tables in schema", 15), ("is json", 16), ("is not json", 16),
      ("on delete set null (", 15), ("on delete set default (", 15), ("create statistics on", 16),
      ("with admin true", 16), ("with admin false", 16), ("with inherit true", 16), ("with inherit false", 16),
      ("with inherit option", 16), ("with set true", 16), ("with set false", 16), ("with set option", 16),
      ("when not matched by", 17), ("set expression as", 17), ("at local", 17), ("set statistics default", 17),
      ("access method default", 17), ("grant maintain", 17), ("revoke maintain", 17), (", maintain on", 17),
      ("provider = builtin", 17), ("set access method", 15), ("compression lz4", 14), ("compression pglz", 14),
      ("set compression default", 14), ("including compression", 14),
      ("set transaction_timeout", 17), ("set local transaction_timeout", 17), ("returning with (", 18),
      ("without overlaps", 18), (") not enforced", 18), ("alter constraint * not enforced", 18),
      ("alter constraint * enforced", 18), ("add constraint * not null", 18), ("( constraint * not null", 18),
      (", constraint * not null", 18), ("alter constraint * inherit", 18),
      ("alter constraint * no inherit", 18), ("analyze only", 18),
      ("vacuum only", 18), ("on large objects", 18),
    ].map { (words: $0.0.split(separator: " ").map(String.init), version: $0.1) }, by: { $0.words.first ?? "" })

  /// The options in parentheses behind the first word of a statement.
  static let options = [
    "explain": ["wal": 13, "generic_plan": 16, "memory": 17, "serialize": 17],
    "vacuum": [
      "parallel": 13, "process_toast": 14, "process_main": 16, "buffer_usage_limit": 16, "skip_database_stats": 16,
      "only_database_stats": 16,
    ],
    "analyze": ["buffer_usage_limit": 16], "reindex": ["concurrently": 14, "tablespace": 14],
  ]

  static let functions = [
    "bit_count": 14, "date_bin": 14, "range_agg": 14, "string_to_table": 14, "trim_array": 14, "unistr": 14,
    "regexp_count": 15, "regexp_instr": 15, "regexp_like": 15, "regexp_substr": 15,
    "any_value": 16, "array_sample": 16, "array_shuffle": 16, "date_add": 16, "date_subtract": 16, "erf": 16,
    "erfc": 16, "json_array": 16, "json_arrayagg": 16, "json_objectagg": 16, "pg_input_error_info": 16,
    "pg_input_is_valid": 16, "random_normal": 16, "json_exists": 17, "json_query": 17, "json_scalar": 17,
    "json_serialize": 17, "json_table": 17, "json_value": 17, "merge_action": 17, "to_bin": 17, "to_oct": 17,
    "uuid_extract_timestamp": 17, "uuid_extract_version": 17, "array_reverse": 18, "array_sort": 18, "casefold": 18,
    "crc32": 18, "crc32c": 18, "gamma": 18, "lgamma": 18, "uuidv4": 18, "uuidv7": 18,
  ]

  /// An entry of one of the two tables.
  private enum Known {
    case construct([String], version: Int)
    case function(String, version: Int)

    var version: Int {
      switch self {
      case .construct(_, let version), .function(_, let version): version
      }
    }

    private var first: UInt8? {
      switch self {
      case .construct(let words, _): words.first?.utf8.first
      case .function(let name, _): name.utf8.first
      }
    }

    /// All by their first byte: to hash each word of a script takes longer than to compare it with a few.
    private static let byFirstByte: [[Known]] = {
      let all =
        constructs.values.joined().map { Known.construct($0.words, version: $0.version) }
        + functions.map { Known.function($0, version: $1) }
      let byFirst = Dictionary(grouping: all) { $0.first }
      return (0...UInt8.max).map { byFirst[$0] ?? [] }
    }()

    static func beginning(with byte: UInt8?) -> [Known] { byte.map { byFirstByte[Int($0)] } ?? [] }
  }

  private static let storages: Set = ["plain", "external", "extended", "main", "default"]

  /// What follows a subquery that has no name: the next clause, or the end.
  private static let afterNoName: Set = [
    ";", ")", ",", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "except",
    "intersect", "join", "left", "right", "full", "inner", "cross", "natural", "on", "using", "returning",
  ]

  /// What a query begins with.
  private static let queries = ["select", "values", "with", "table"]

  /// What a statement begins with, where that matters.
  private enum Command: Equatable {
    case publication, statistics, routine, table, domain
    /// It has options in parentheses, up to the token `end`.
    case options([String: Int], of: String, end: Int)
    case other

    init(_ tokens: [ScriptToken]) {
      let words = tokens.prefix(4).map(\.text)
      let making = words.dropFirst().drop { $0 == "or" || $0 == "replace" }.first
      switch (words.first, making) {
      case ("create", "publication"), ("alter", "publication"): self = .publication
      case ("create", "statistics"): self = .statistics
      case ("create", "function"), ("create", "procedure"): self = .routine
      case ("alter", "domain"): self = .domain
      case (let name?, "("):
        // EXPLAIN takes a query in parentheses, too.
        guard let options = NewerSyntax.options[name], let first = words.dropFirst(2).first, first != "(",
          !NewerSyntax.queries.contains(first)
        else { fallthrough }
        self = .options(options, of: name, end: tokens.firstIndex { $0.text == ")" } ?? tokens.count)
      default: self = words.first == "create" && words.contains("table") ? .table : .other
      }
    }
  }

  /// What a parenthesis contains.
  private enum Parenthesis {
    case generated, subquery, foreignKey, check, jsonObject, xmlSerialize
    /// Arguments of `extract`, `substring` and others, which have a FROM of their own.
    case call
    case other

    init(_ tokens: [ScriptToken], at index: Int, in outer: Parenthesis?) {
      func word(before count: Int) -> String { index < count ? "" : tokens[index - count].text }
      let isQuery = index + 1 < tokens.count && NewerSyntax.queries.contains(tokens[index + 1].text)
      switch word(before: 1) {
      case "as" where word(before: 2) == "always" && word(before: 3) == "generated": self = .generated
      case "key" where word(before: 2) == "foreign": self = .foreignKey
      case "check": self = .check
      case "json_object": self = .jsonObject
      case "xmlserialize": self = .xmlSerialize
      case "extract", "substring", "trim", "overlay", "position": self = .call
      case "from", "join":
        self = isQuery && word(before: 2) != "distinct" && outer != .call ? .subquery : .other
      default: self = .other
      }
    }
  }

  /// `0x1F`, `0o17`, `0b11` and `1_000`.
  private static func isNewNumber(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x30...0x39).contains(first) else { return false }
    return text.utf8.contains(UInt8(ascii: "_")) || ["0x", "0o", "0b"].contains { text.hasPrefix($0) }
  }
}

extension ArraySlice<ScriptToken> {
  /// Whether the tokens begin with these words, of which `*` is any.
  fileprivate func starts(with words: [String]) -> Bool {
    words.count <= count && zip(self, words).allSatisfy { $0.text == $1 || $1 == "*" }
  }
}
