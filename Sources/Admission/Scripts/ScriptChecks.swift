import Contract
import DatabaseSpec
import Declarations
import KubernetesAPI
import PostgresParser
import Provisioning

/// Checks the SQL of a declaration before a server gets it. A script that an update leaves unchanged is not checked
/// again.
struct ScriptChecks {
  private(set) var findings = Findings()

  /// The most statements in one script. PostgreSQL's parser builds the trees of all of them before it answers.
  static let maximumStatements = 20_000

  /// The deepest nesting of parentheses in one statement.
  static let maximumDepth = 1000

  private let serverVersion: Int?
  private var isParserCurrent: Bool { serverVersion.map { $0 <= PostgresParser.majorVersion } ?? false }
  private let source: Source

  /// Where the text of a script stands.
  private enum Source { case inline, configMap, secret }

  /// - Parameters:
  ///   - scripts: the declared scripts.
  ///   - old: the scripts that were declared before.
  ///   - field: the prefix of the fields of the declaring object.
  ///   - spec: what is declared, as far as it could be read.
  ///   - serverVersion: the image's major version, if it is known. The parser knows the syntax of its own version and
  ///     of older ones. SQL that it refuses may be valid for a newer server, or for one of unknown version.
  init(
    _ scripts: [DeclaredScript], replacing old: [DeclaredScript], field: String, spec: InstanceSpec?,
    serverVersion: Int?
  ) {
    self.serverVersion = serverVersion
    source = .inline
    // By database and name, because a declaration may contain thousands of scripts.
    let before: [PostgresName?: [[UInt8]: Script]] = old.reduce(into: [:]) {
      $0[$1.database, default: [:]][Array($1.script.name.utf8)] = $1.script
    }
    let names = DeclaredNames(spec)
    var last: OwnerLimits?
    for declared in scripts where before[declared.database]?[Array(declared.script.name.utf8)] != declared.script {
      let script = declared.script
      guard case .inline(let sql) = script.content else { continue }
      let limits =
        last.flatMap { $0.databaseName == declared.database ? $0 : nil }
        ?? OwnerLimits(of: declared.database, in: names, serverVersion: serverVersion)
      last = limits
      check(
        sql, { script.name.isEmpty ? "the script" : "script \(quoted(script.name))" },
        isTransaction: script.transaction, limits,
        field: { "\(field)metadata.annotations[\(AnnotationKey.databases)]\(declared.path)" })
    }
  }

  /// A script in a ConfigMap that is there, as one in the declaration.
  init(
    _ sql: String, named name: String, isTransaction: Bool, _ limits: OwnerLimits, serverVersion: Int?, field: String
  ) {
    self.serverVersion = serverVersion
    source = .configMap
    check(sql, { name }, isTransaction: isTransaction, limits, field: { field })
  }

  /// A script in a Secret, for a server of any version. No word of it is shown.
  /// - Parameter name: nil where the reader knows which script it is.
  init(secret sql: String, named name: String?, isTransaction: Bool, field: String) {
    serverVersion = nil
    source = .secret
    check(
      sql, { name.map { "script \(quoted($0))" } ?? "its text" }, isTransaction: isTransaction, .ofAnyOwner,
      field: { field })
  }

  /// - Parameters:
  ///   - script: what messages call it. This and its field are put together where there is a message.
  private mutating func check(
    _ sql: String, _ script: () -> String, isTransaction: Bool, _ limits: OwnerLimits, field: () -> String
  ) {
    guard sql.unicodeScalars.first != "\u{FEFF}" else {
      findings.refuse(
        field(), "\(script()) begins with a byte order mark, which Postgres does not take; save it without")
      return
    }
    let (statements, errors, depth) = ScriptStatement.check(sql, isTransaction: isTransaction)
    for error in errors { findings.refuse(field(), "\(script()), \(error.message); \(error.hint)") }
    guard statements.count <= Self.maximumStatements else {
      findings.refuse(
        field(),
        "\(script()): \(statements.count) statements, and one script may have \(Self.maximumStatements); make several of it"
      )
      return
    }
    guard depth <= Self.maximumDepth else {
      findings.refuse(
        field(), "\(script()): parentheses nest deeper than \(Self.maximumDepth) levels; write it flatter")
      return
    }
    if let line = PostgresParser.lineOfEndlessSigns(in: sql) {
      findings.refuse(
        field(),
        "\(script()), line \(line): more than \(PostgresParser.maximumSigns) \"+\" or \"/*\" without anything between them, "
          + "which is too much to check; take some out")
      return
    }
    checkComments(sql, hasStatements: !statements.isEmpty || !errors.isEmpty, script, field: field)
    checkSyntax(sql, statements, script, isSQL: errors.isEmpty, field: field)
    checkAge(sql, statements, script, field: field)
    checkRules(statements, script, isTransaction: isTransaction, limits, field: field)
  }

  /// Reports statements that have become part of a comment. What has run once is not run again, so it would be too late later.
  private mutating func checkComments(
    _ sql: String, hasStatements: Bool, _ script: () -> String, field: () -> String
  ) {
    let hint = "where YAML folds lines into one, as after \">\", all behind -- is a comment: write the text after \"|\""
    guard hasStatements else {
      // A file of others may hold nothing yet.
      let message = "\(script()) holds no statement, only comments; \(hint)"
      if source == .inline { findings.refuse(field(), message) } else { findings.warn(message) }
      return
    }
    guard source == .inline, sql.contains(ascii: "--"),
      !sql.utf8.dropLast().contains(where: { $0 == 0x0A || $0 == 0x0D }),
      let comment = PostgresParser.lastComment(in: sql), comment.contains(ascii: ";")
    else { return }
    findings.warn("\(script()) is one line, and the statements behind -- in it are a comment; \(hint)")
  }

  /// The most syntax errors that are reported for one script.
  private static let maximumSyntaxErrors = 100

  /// The parser stops at the first error. The text after it is parsed statement by statement.
  private mutating func checkSyntax(
    _ sql: String, _ statements: [ScriptStatement], _ script: () -> String, isSQL: Bool, field: () -> String
  ) {
    var last = (line: 0, column: 0)
    if isSQL {
      guard let error = PostgresParser.syntaxError(in: sql) else { return }
      let place = error.position.map { Self.place(ofCharacter: $0, in: sql) }
      tell(error, in: sql, at: place, script, field: field)
      guard let place else { return }
      last = (place.line, place.column)
    }
    var errors = 1
    for statement in statements where (statement.line, statement.column) > last {
      guard errors < Self.maximumSyntaxErrors else { return }
      guard let error = PostgresParser.syntaxError(in: statement.text) else { continue }
      errors += 1
      tell(error, in: statement.text, at: error.position.map { statement.place(of: $0) }, script, field: field)
    }
  }

  /// Reports syntax that the parser accepts and older servers do not know.
  private mutating func checkAge(
    _ sql: String, _ statements: [ScriptStatement], _ script: () -> String, field: () -> String
  ) {
    guard let serverVersion, serverVersion < PostgresParser.majorVersion else { return }
    let newer = NewerSyntax.all(in: statements, for: serverVersion)
    guard !newer.isEmpty else { return }
    var places = ScriptPlaceCounter(Array(sql.utf8))
    for syntax in newer {
      let line = places.place(at: syntax.start).line
      let message =
        "\(script()), line \(line): \(syntax.name) needs Postgres \(syntax.version), and the image is of \(serverVersion)"
      if syntax.isGuess { findings.warn(message) } else { findings.refuse(field(), message) }
    }
  }

  private mutating func tell(
    _ error: SQLSyntaxError, in sql: String, at place: ScriptPlace?, _ script: () -> String, field: () -> String
  ) {
    let place = place.map { ", \($0)" } ?? ""
    // The parser's stack is the same in every version.
    let isTooDeep = error.message.hasPrefix("memory exhausted")
    let hint = Self.isVariable(at: error.position, in: sql) ? ": psql alone puts variables in; write the value" : ""
    let message = isTooDeep ? "nested too deep; write it flatter" : text(error, in: sql) + hint
    if (isParserCurrent && !mayBeDueToAge(error, in: sql)) || isTooDeep {
      findings.refuse(field(), "\(script())\(place): \(message)")
    } else {
      findings.warn("\(script())\(place): \(message), says Postgres \(PostgresParser.majorVersion)")
    }
  }

  /// Whether an older server may take what the parser refuses.
  private func mayBeDueToAge(_ error: SQLSyntaxError, in sql: String) -> Bool {
    guard let serverVersion, let position = error.position else { return false }
    return NewerKeyword.mayExplain(errorAt: position, in: sql, for: serverVersion)
  }

  private mutating func checkRules(
    _ statements: [ScriptStatement], _ script: () -> String, isTransaction: Bool, _ limits: OwnerLimits,
    field: () -> String
  ) {
    // A dump says the same of each of its tables, and the API server takes 4096 characters of warnings in all.
    var effects: [(text: String, line: Int)] = []
    var counts: [String: Int] = [:]
    for statement in statements {
      guard let rule = ScriptRule(statement, isTransaction: isTransaction, limits) else { continue }
      switch rule {
      case .refused(let reason):
        findings.refuse(field(), "\(script()), line \(statement.line): \(reason)", .valueForbidden)
      case .warned(let effect):
        counts[effect, default: 0] += 1
        if counts[effect] == 1 { effects.append((effect, statement.line)) }
      }
    }
    for effect in effects {
      let others = counts[effect.text, default: 1] - 1
      findings.warn("\(script()), line \(effect.line)\(others > 0 ? " (and \(others) more)" : "") \(effect.text)")
    }
  }

  /// PostgreSQL's message. The words of the script that it quotes are left out where they may be a password: in a
  /// Secret, in a literal, and after PASSWORD.
  private func text(_ error: SQLSyntaxError, in sql: String) -> String {
    guard let quote = error.message.firstIndex(of: "\"") else { return error.message }
    let word = error.message[quote...].dropFirst().dropLast()
    let isSecret =
      source == .secret || word.contains { "'\"$".contains($0) } || Self.namesPassword(sql, before: error.position ?? 1)
    guard isSecret else { return error.message }
    let start = error.message[..<quote]
    return String(start.hasSuffix(" at or near ") ? start.dropLast(" at or near ".count) : start.dropLast())
  }

  /// Whether PASSWORD occurs before a character, counted from 1, in the statement that contains the character.
  private static func namesPassword(_ sql: String, before position: Int) -> Bool {
    let before = sql.unicodeScalars.prefix(max(0, position - 1))
    let statement = before.suffix(from: before.lastIndex(of: ";") ?? before.startIndex)
    return String(statement).lowercased().contains("password")
  }

  /// Whether `:name`, `:'name'` or `:"name"` stands at a character, counted from 1 (PostgreSQL docs, "psql", "SQL Interpolation").
  private static func isVariable(at position: Int?, in sql: String) -> Bool {
    guard let position else { return false }
    let text = sql.unicodeScalars.dropFirst(position - 1)
    guard text.first == ":", let next = text.dropFirst().first else { return false }
    return "'\"_".unicodeScalars.contains(next) || next.properties.isAlphabetic
  }

  /// The line and column, both from 1, of a character counted from 1.
  private static func place(ofCharacter position: Int, in sql: String) -> ScriptPlace {
    var place = ScriptPlace()
    place.pass(characters: position - 1, of: sql)
    return place
  }
}
