import Contract
import DatabaseSpec
import Declarations
import Provisioning

/// What a script may not do because it runs as the database's owner, who is no superuser (PostgreSQL docs, each command,
/// "Notes"; each tried on 15 to 18). An owner that was on the server before may have more rights than Postern gives it, so
/// these are warnings. A class, because what it looks up is made when a statement first asks for it, and serves all others.
final class OwnerLimits {
  /// The name of the script's database; nil where only the script's text is known.
  let databaseName: PostgresName?
  private let database: Database?
  private let names: DeclaredNames
  /// Whether the owner may make some extensions, as it may from Postgres 13 on.
  private let hasTrustedExtensions: Bool
  /// The extensions that Postern makes in the database belong to the superuser.
  private lazy var extensions = Set(database?.extensions.lazy.map(\.name.text) ?? [])
  /// The owner, and all roles of which it is a member.
  private lazy var reachable = database.map { names.reachable(from: $0.owner) } ?? []

  /// For a script of which only its text is known.
  static var ofAnyOwner: OwnerLimits { OwnerLimits(of: nil, in: DeclaredNames(nil), serverVersion: nil) }

  init(of database: PostgresName?, in names: DeclaredNames, serverVersion: Int?) {
    databaseName = database
    self.database = database.flatMap(names.database)
    self.names = names
    hasTrustedExtensions = serverVersion.map { $0 > 12 } ?? true
  }

  /// Why the owner may not run a statement, and what to do instead; nil where it may, or where that is not known.
  func reason(_ statement: ScriptStatement) -> String? {
    let words = statement.words
    // Most of a script's statements.
    if words.first == "create", words.count > 1, words[1] == "table" || words[1] == "index" || words[1] == "view" {
      return nil
    }
    if words.first == "select" { return nil }
    let rest = words.dropFirst()
    switch (words.first, rest.first) {
    case ("create", _), ("alter", "extension"), ("drop", "extension"), ("comment", "on"):
      return onCreating(statement) ?? onOwning(statement)
    case ("alter", _): return onAltering(statement)
    case ("drop", "tablespace"): return Self.tablespaces
    case ("set", _): return onSetting(statement)
    case ("grant", _), ("revoke", _): return Self.onGranting(words) ?? ofGrantee(statement)
    case ("copy", _):
      guard let direction = rest.dropFirst().firstIndex(where: { ["from", "to"].contains($0) }) ?? fromQuery(words),
        !["stdin", "stdout", "program"].contains(words.dropFirst(direction + 1).first)
      else { return nil }
      return "reads or writes a file of the server, which a superuser alone may: load the rows with INSERT"
    case ("do", _): return Self.ofLanguage(words) ?? onDoing(statement)
    case ("load", nil): return "loads a library, which a superuser alone may: take it out"
    case ("checkpoint", _):
      guard !reachable.contains("pg_checkpoint") else { return nil }
      return "makes a checkpoint, which a superuser alone may: take it out"
    case ("reassign", _):
      return actsFor(statement, at: words.indices.dropFirst(3).filter { words[$0] != "to" })
    case ("update", _), ("insert", "into"), ("delete", "from"):
      let table = rest.first { $0 != "into" && $0 != "from" && $0 != "only" && $0 != "pg_catalog" }
      return table.map(Self.catalogs.contains) == true
        ? "writes to the server's catalog, which a superuser alone may: take it out" : nil
    default: return nil
    }
  }

  /// `COPY (SELECT 1) TO`: what is in parentheses is no word.
  private func fromQuery(_ words: [String]) -> Int? { words.dropFirst().first == "to" ? 1 : nil }

  // MARK: - CREATE

  private func onCreating(_ statement: ScriptStatement) -> String? {
    let words = statement.words
    guard words.first == "create" else { return nil }
    let rest = words.dropFirst().drop { $0 == "or" || $0 == "replace" || $0 == "trusted" || $0 == "procedural" }
    switch (rest.first, rest.dropFirst().first) {
    case ("database", _): return "makes a database, which the owner may not: declare it in \(AnnotationKey.databases)"
    case ("role", _), ("user", _), ("group", _):
      return statement.isOfUserMapping
        ? nil : "makes a role, which the owner may not: declare it in \(AnnotationKey.users)"
    case ("tablespace", _): return Self.tablespaces
    case ("event", "trigger"): return "makes an event trigger, which a superuser alone may: do it by hand"
    case ("publication", _):
      if words.contains(["for", "all", "tables"]) {
        return "publishes all tables, which a superuser alone may: name the tables, or do it by hand"
      }
      return Self.ofPublishedSchemas(words)
    case ("subscription", _):
      return
        "makes a subscription, as members of pg_create_subscription may with `transaction: false`"
    case ("extension", _): return onMakingExtension(statement)
    case ("language", _):
      let name = rest.dropFirst().first ?? ""
      if name == "plpgsql", words[1] != "or" { return Self.plpgsql }
      guard words.contains("handler") || Self.untrustedLanguages.contains(name) else { return nil }
      return "makes a language, which a superuser alone may: declare it in `extensions`"
    case ("function", _), ("procedure", _): return Self.ofLanguage(words) ?? Self.ofLeakproof(words)
    case ("foreign", "data"): return Self.wrappers
    case ("server", _):
      return "makes a foreign server, which takes USAGE on its wrapper: let a superuser grant it"
    case ("access", "method"), ("operator", "class"), ("operator", "family"):
      return "makes an \(rest.prefix(2).joined(separator: " ")), which a superuser alone may: do it by hand"
    case ("type", _) where !rest.contains("as"):
      return "makes a base type, which a superuser alone may: write AS, or do it by hand"
    case ("text", "search") where ["parser", "template"].contains(rest.dropFirst(2).first):
      return "makes a text search \(rest.dropFirst(2).first ?? ""), which a superuser alone may: do it by hand"
    case ("cast", _) where words.contains(["without", "function"]):
      return "makes a cast without a function, which a superuser alone may: write WITH INOUT, or do it by hand"
    case ("schema", _):
      guard let index = words.prefix(8).firstIndex(of: "authorization") else { return nil }
      return actsFor(statement, at: [index + 1])
    default: return nil
    }
  }

  private func onMakingExtension(_ statement: ScriptStatement) -> String? {
    let isConditional = statement.words.dropFirst(2).starts(with: ["if", "not", "exists"])
    guard let name = statement.name(at: isConditional ? 5 : 2) else { return nil }
    if name == "plpgsql" { return isConditional ? nil : Self.plpgsql }
    if extensions.contains(name) {
      return isConditional ? nil : "makes an extension that is declared, and so is there already: take it out"
    }
    guard !hasTrustedExtensions || Self.untrustedExtensions.contains(name) else { return nil }
    return "makes an extension that takes a superuser: declare it in `extensions`"
  }

  /// What the owner of an extension alone may, where that is the superuser for sure.
  private func onOwning(_ statement: ScriptStatement) -> String? {
    guard statement.words.first != "create" else { return nil }
    let words = statement.words.drop { $0 == "comment" || $0 == "on" || $0 == "alter" || $0 == "drop" }
    if words.first == "role", statement.words.first == "comment" {
      return "comments on a role, which the owner may not: take it out"
    }
    guard words.first == "extension" else { return nil }
    let first = words.dropFirst().starts(with: ["if", "exists"]) ? words.startIndex + 3 : words.startIndex + 1
    guard let name = statement.name(at: first),
      name == "plpgsql" || extensions.contains(name) || Self.untrustedExtensions.contains(name)
    else { return nil }
    return "changes or comments on an extension, which is the superuser's: take it out"
  }

  // MARK: - DO

  /// What the code of a DO would do whenever it comes to it. The rest depends on what it finds there.
  private func onDoing(_ statement: ScriptStatement) -> String? {
    if let index = statement.words.firstIndex(of: "language"), statement.words.dropFirst(index + 1).first != "plpgsql" {
      return nil
    }
    guard let literal = statement.tokens.firstIndex(where: \.text.isEmpty), let code = statement.literal(at: literal)
    else { return nil }
    for part in ScriptStatement.check(code, isTransaction: false).statements {
      let words = part.tokens.map(\.text)
      var whole = part
      whole.words = words
      for index in words.indices where index == 0 || Self.beforeStatements.contains(words[index - 1]) {
        // Where it is asked whether the role is there, one that is declared is.
        if index > 0, words[index - 1] == "then", let role = whole.name(at: index + 2), names.isDeclared(role) {
          continue
        }
        if let reason = onDoing(words[index...], of: part) { return reason }
        guard words[index] == "execute" else { continue }
        let isFormat = words[index...].dropFirst().starts(with: ["format", "("])
        guard let text = part.literal(at: index + (isFormat ? 3 : 1)),
          let first = ScriptStatement.check(text, isTransaction: false).statements.first,
          let reason = onDoing(first.tokens.map(\.text)[...], of: first)
        else { continue }
        return reason
      }
    }
    return nil
  }

  /// What stands before a statement of PL/pgSQL besides a semicolon.
  private static let beforeStatements: Set = ["begin", "then", "else", "loop"]

  private func onDoing(_ words: ArraySlice<String>, of part: ScriptStatement) -> String? {
    switch (words.first, words.dropFirst().first) {
    case ("alter", "system"):
      return "changes the server's settings, which a superuser alone may: give them to Postgres as arguments"
    case ("create", "role"), ("create", "user"), ("create", "group"), ("create", "database"):
      var making = part
      making.words = Array(words.prefix(4))
      return onCreating(making)
    default: return nil
    }
  }

  // MARK: - ALTER

  private func onAltering(_ statement: ScriptStatement) -> String? {
    let words = statement.words
    let rest = words.dropFirst()
    if ["database", "role", "user"].contains(rest.first), let set = words.dropFirst(3).firstIndex(of: "set"),
      let reason = ofSetting(words, at: set + 1)
    {
      return reason
    }
    if !words.contains("rename"),
      let owner = words.indices.dropFirst(2).last(where: { words[$0...].starts(with: ["owner", "to"]) }),
      let name = unreachable(statement, at: owner + 2)
    {
      return "makes \(quoted(name)) an owner, as only its members may: use pg_dump --no-owner"
    }
    switch (rest.first, rest.dropFirst().first) {
    case ("role", _), ("user", _), ("group", _): return onAlteringRole(statement)
    case ("database", _) where words.contains(["rename", "to"]):
      return "renames a database, which the owner may not: declare it with `renamedFrom`"
    case ("tablespace", _): return Self.tablespaces
    case ("foreign", "data"): return Self.wrappers
    case ("publication", _): return Self.ofPublishedSchemas(words)
    case ("function", _), ("procedure", _), ("routine", _): return Self.ofLeakproof(words)
    case ("table", _) where words.contains(["trigger", "all"]):
      return "switches foreign keys' triggers, if any, which a superuser alone may: write TRIGGER USER"
    case ("default", "privileges"):
      guard let role = words.firstIndex(where: { ["role", "user"].contains($0) }), words[role - 1] == "for" else {
        return ofGrantee(statement)
      }
      let names = words.indices[(role + 1)...].prefix { !["in", "grant", "revoke"].contains(words[$0]) }
      return actsFor(statement, at: Array(names)) ?? ofGrantee(statement)
    default: return nil
    }
  }

  private func onAlteringRole(_ statement: ScriptStatement) -> String? {
    let words = statement.words
    guard !statement.isOfUserMapping, let database, let name = statement.name(at: 2) else { return nil }
    guard name == database.owner.text || Self.itself.contains(name) else {
      return "changes another role, which the owner may not: declare it in \(AnnotationKey.users)"
    }
    let options = words.dropFirst(3).drop { $0 == "with" }
    if options.first == "rename" { return "renames the role that runs it: declare the user with `renamedFrom`" }
    guard let option = options.first, !["set", "reset", "in", "password", "encrypted"].contains(option) else {
      return nil
    }
    return "changes what the owner's role may, which the owner may not: declare it in \(AnnotationKey.users)"
  }

  // MARK: - SET, GRANT

  private func onSetting(_ statement: ScriptStatement) -> String? {
    let words = statement.words
    let name = words.indices.dropFirst().first { words[$0] != "session" && words[$0] != "local" } ?? 1
    switch words.dropFirst(name).first {
    case "authorization":
      guard words.dropFirst(name + 1).first != "default", !isOwner(statement, at: name + 1) else { return nil }
      return "becomes another user, which a superuser alone may: take it out"
    case "role":
      let role = words.dropFirst(name + 1).first == "to" ? name + 2 : name + 1
      guard !["none", "default"].contains(words.dropFirst(role).first) else { return nil }
      return actsFor(statement, at: [role])
    default: return ofSetting(words, at: name)
    }
  }

  private func ofSetting(_ words: [String], at index: Int) -> String? {
    guard index < words.count else { return nil }
    if ServerSetting.ofSuperuser.contains(words[index]) {
      return "sets \(words[index]), which a superuser alone may: take it out"
    }
    guard ServerSetting.ofServer.contains(words[index]) else { return nil }
    return "sets \(words[index]), which no session can: give it to Postgres as an argument"
  }

  private static func onGranting(_ words: [String]) -> String? {
    let isGrant = words.first == "grant"
    let what = words.dropFirst().prefix { $0 != (isGrant ? "to" : "from") }
    guard let on = what.firstIndex(of: "on") else {
      return "\(isGrant ? "grants" : "takes") a role, which the owner may not: declare `memberOf` of the user"
    }
    if words[on...].starts(with: ["on", "parameter"]) {
      return "grants a setting, which a superuser alone may: do it by hand"
    }
    return words[on...].starts(with: ["on", "foreign", "data"]) ? wrappers : nil
  }

  // MARK: - Roles

  /// A role that gets or loses a right, and that is not there by what is declared. Any other that is not declared may have
  /// been on the server before.
  private func ofGrantee(_ statement: ScriptStatement) -> String? {
    let words = statement.words
    guard names.hasAbsentRoles, let first = words.lastIndex(where: { ["to", "from"].contains($0) }) else { return nil }
    for index in words.indices.dropFirst(first + 1) {
      guard let name = statement.name(at: index), let user = names.userInstead(of: name) else { continue }
      return user == name
        ? "names \(quoted(name)), who is declared absent: take it out"
        : "names \(quoted(name)), who is \(quoted(user)) by `renamedFrom`: write the new name"
    }
    return nil
  }

  /// Whether the owner's name is there, or a literal of it: pg_dump writes one.
  private func isOwner(_ statement: ScriptStatement, at index: Int) -> Bool {
    guard let owner = database?.owner.text else { return false }
    return statement.name(at: index).map { $0 == owner } ?? statement.text.contains("'\(owner)'")
  }

  /// What a statement says that acts for a role.
  private func actsFor(_ statement: ScriptStatement, at indices: [Int]) -> String? {
    for index in indices {
      guard let name = unreachable(statement, at: index) else { continue }
      return "acts for \(quoted(name)), of whom the owner is no member: take it out, or declare `memberOf`"
    }
    return nil
  }

  /// The role whose name is there, where the owner is no member of it by what is declared.
  private func unreachable(_ statement: ScriptStatement, at index: Int) -> String? {
    guard database != nil, let name = statement.name(at: index) else { return nil }
    // The owner of a database is its one member.
    let isReachable = Self.itself.contains(name) || name == "pg_database_owner" || reachable.contains(name)
    return isReachable ? nil : name
  }

  private static let itself: Set = ["current_user", "session_user", "current_role"]

  // MARK: - What several commands say

  private static let tablespaces = "changes tablespaces, which a superuser alone may: do it by hand"
  /// Each database has it from the start; old dumps make it.
  private static let plpgsql = "makes plpgsql, which is there already: take it out"
  private static let wrappers = "changes or grants a foreign-data wrapper, which a superuser alone may: do it by hand"

  private static func ofPublishedSchemas(_ words: [String]) -> String? {
    words.contains(["tables", "in", "schema"]) && !words.contains("drop")
      ? "publishes whole schemas, which a superuser alone may: name the tables, or do it by hand" : nil
  }

  private static func ofLanguage(_ words: [String]) -> String? {
    guard let index = words.firstIndex(of: "language"), let name = words.dropFirst(index + 1).first,
      untrustedLanguages.contains(name)
    else { return nil }
    return "holds code in \(name), which a superuser alone may: do it by hand"
  }

  private static func ofLeakproof(_ words: [String]) -> String? {
    guard let index = words.firstIndex(of: "leakproof"), words[index - 1] != "not" else { return nil }
    return "calls a function leakproof, which a superuser alone may: take it out"
  }

  private static let untrustedLanguages: Set = [
    "c", "internal", "plperlu", "plpythonu", "plpython2u", "plpython3u", "pltclu",
  ]

  /// Extensions whose control file does not say `trusted`: PostgreSQL's own, and those of the images that Postern knows.
  static let untrustedExtensions: Set = [
    "address_standardizer", "address_standardizer_data_us", "adminpack", "age", "amcheck", "autoinc", "bloom",
    "bool_plperlu", "citus", "dblink", "dict_xsyn", "earthdistance", "file_fdw", "hstore_plperlu", "hstore_plpython3u",
    "insert_username", "intagg", "jsonb_plperlu", "jsonb_plpython3u", "ltree_plpython3u", "moddatetime", "old_snapshot",
    "pageinspect", "pg_buffercache", "pg_cron", "pg_freespacemap", "pg_logicalinspect", "pg_net", "pg_prewarm",
    "pg_stat_statements", "pg_surgery", "pg_visibility", "pg_walinspect", "pgaudit", "pgrouting", "pgrowlocks",
    "pgstattuple", "plperlu", "plpython3u", "pltclu", "postgis", "postgis_raster", "postgis_sfcgal", "postgis_topology",
    "postgres_fdw", "refint", "sslinfo", "vchord", "vector", "vectors", "xml2",
  ]

  private static let catalogs: Set = [
    "pg_attribute", "pg_authid", "pg_cast", "pg_class", "pg_constraint", "pg_database", "pg_enum", "pg_extension",
    "pg_index", "pg_language", "pg_namespace", "pg_opclass", "pg_operator", "pg_proc", "pg_trigger", "pg_type",
  ]
}

/// What is declared, by name. A class, because each index is made when it is first needed.
final class DeclaredNames {
  private let spec: InstanceSpec?
  private lazy var databases = Dictionary(spec?.databases.map { ($0.name, $0) } ?? []) { first, _ in first }
  private lazy var groups = Dictionary(spec?.users.map { ($0.name, $0.memberOf) } ?? []) { first, _ in first }

  /// By the names of roles that are not there: the user who has the name that the role had, or the role itself.
  private lazy var absentRoles: [String: String] = (spec?.users ?? []).reduce(into: [:]) { roles, user in
    if user.ensure == .absent { roles[user.name.text] = user.name.text }
    if let old = user.renamedFrom { roles[old.text] = user.name.text }
  }

  /// - Parameter spec: as far as it could be read.
  init(_ spec: InstanceSpec?) { self.spec = spec }

  /// Whether a role is a user who is to be there.
  func isDeclared(_ role: String) -> Bool {
    spec?.users.contains { $0.name.text == role && $0.ensure == .present } ?? false
  }

  var hasAbsentRoles: Bool { !absentRoles.isEmpty }

  func userInstead(of role: String) -> String? { absentRoles[role] }

  func database(_ name: PostgresName) -> Database? { databases[name] }

  /// The names of a role and of all roles of which it is a member, also by way of others.
  func reachable(from role: PostgresName) -> Set<String> {
    var names: Set = [role.text]
    var new = [role]
    while let role = new.popLast() {
      for other in groups[role] ?? [] where names.insert(other.text).inserted { new.append(other) }
    }
    return names
  }
}

extension ScriptStatement {
  /// The name that a word is, without its quotes; nil where there is no such word.
  fileprivate func name(at index: Int) -> String? {
    guard words.indices.contains(index) else { return nil }
    let word = words[index]
    guard word.utf8.first == UInt8(ascii: "\"") else { return word }
    return String(word.dropFirst().dropLast()).replacing("\"\"", with: "\"")
  }

  /// What a token that is a literal holds; nil where it is none, or one with escapes.
  fileprivate func literal(at index: Int) -> String? {
    guard tokens.indices.contains(index), tokens[index].text.isEmpty, let first = tokens.first else { return nil }
    let rest = text.utf8.dropFirst(tokens[index].start - first.start)
    var content: [UInt8] = []
    if rest.first == UInt8(ascii: "'") {
      var inside = rest.dropFirst()
      while let byte = inside.popFirst(), byte != UInt8(ascii: "'") || inside.popFirst() == byte {
        content.append(byte)
      }
    } else if rest.first == UInt8(ascii: "$"), let close = rest.dropFirst().firstIndex(of: UInt8(ascii: "$")) {
      let tag = rest[...close]
      var inside = rest[close...].dropFirst()
      while let byte = inside.first, byte != UInt8(ascii: "$") || !inside.starts(with: tag) {
        content.append(byte)
        inside.removeFirst()
      }
    } else {
      return nil
    }
    return String(decoding: content, as: UTF8.self)
  }
}

extension [String] {
  /// Whether these words stand one behind another.
  fileprivate func contains(_ words: [String]) -> Bool { indices.contains { self[$0...].starts(with: words) } }
}
