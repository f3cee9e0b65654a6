import Contract
import DatabaseSpec
import JSONBytes
import LibPQ
import PostgresProvisioner
import Provisioning

extension Migration {
  /// What a running server holds, declared so that a first pass changes nothing of it. It blocks the thread.
  ///
  /// The declaration begins with all that could be said of the server. What a pass would change by it is taken out again, and is
  /// a remark, until a pass would change nothing.
  /// - Parameter customer: nil for the one that declared the server's users, or one that is made up.
  init(serverAt url: ServerURL, customer: String?) throws(CommandError) {
    let provisioner = Provisioner(settings: url.settings, control: PassControl())
    let state = try Self.asking { () throws(PostgresError) in
      try provisioner.look(DesiredState(spec: InstanceSpec(customer: "customer"), specHash: "")).state
    }
    let facts = try Self.asking { () throws(PostgresError) in try ServerFacts(url.settings) }
    let recorded = Set(state.records.records.roles.values.compactMap { $0.customer })
    self.init(
      source: "a Postgres \(state.serverVersion / 10_000)",
      customer: customer ?? (recorded.count == 1 ? recorded.first : nil) ?? url.hostLabel ?? "customer", namespace: nil)
    let reading = ServerReading(state: state, facts: facts)
    takeUsers(of: reading)
    var contents: [String: ServerFacts.Contents] = [:]
    for (name, database) in state.databases.sorted(by: { $0.key < $1.key }) where takes(name, database, reading) {
      let found = try Self.asking { () throws(PostgresError) in try facts.contents(of: name.text) }
      contents[name.text] = found
      takeDatabase(name, database, found, reading)
    }
    try settle { desired throws(CommandError) in
      try Self.asking { () throws(PostgresError) in try provisioner.look(desired) }
    }
    remarkRest(of: reading, contents)
  }

  /// What a server answers.
  private static func asking<Answer>(_ ask: () throws(PostgresError) -> Answer) throws(CommandError) -> Answer {
    do throws(PostgresError) {
      return try ask()
    } catch {
      let hint =
        error.sqlState == SQLState.insufficientPrivilege
        ? "; log in as a superuser" : error.hint.map { "; \($0)" } ?? ""
      throw .refused("the server: \(error.description)\(hint)")
    }
  }

  /// What was read of a server.
  struct ServerReading {
    let state: ObservedState
    let facts: ServerFacts

    /// Whether a declared user can be this role.
    func isUser(_ name: PostgresName) -> Bool {
      guard let role = state.roles[name], name.reservedAsRole == nil else { return false }
      return !role.isSuperuser && role.canLogIn && name != state.administrator
        && state.records.records.roles[name]?.loginOf == nil
    }
  }

  // MARK: Users

  private mutating func takeUsers(of reading: ServerReading) {
    var keys: Set<String> = []
    let secret = "\(customer)-logins"
    for (name, role) in reading.state.roles.sorted(by: { $0.key < $1.key }) where reading.isUser(name) {
      let key = Self.key(of: name.text, &keys)
      withUser(name.text) { user in
        user.connectionLimit = role.connectionLimit < 0 ? nil : role.connectionLimit
        user.validUntil = Self.end(role.validUntil)
        user.passwordFrom = (secret, key)
        for group in role.memberships.sorted() where reading.isUser(group) || group.text.hasPrefix("pg_") {
          user.memberOf.append(group.text)
        }
      }
      if role.validUntil != .infinity, Self.end(role.validUntil) == nil {
        remark("user \(name.text): its end cannot be declared; it stays")
      }
      for group in role.memberships.sorted() where !reading.isUser(group) && !group.text.hasPrefix("pg_") {
        remark(
          "user \(name.text): membership in \(group.text), which is no user that can be declared, has no like; it stays"
        )
      }
      for group in role.limitedMemberships.sorted() {
        remark("user \(name.text): membership in \(group.text) without INHERIT or SET has no like; it stays")
      }
      if !role.hasPassword { remark("user \(name.text) has no password, and gets the one of the Secret") }
      let powers = reading.facts.powers[name.text] ?? []
      if !powers.isEmpty { remark("user \(name.text): \(powers.joined(separator: ", ")) has no like; it stays") }
    }
    if !users.isEmpty {
      remark(
        "passwords are not read: make Secret \(secret) with the keys that passwordFrom names. Until a key is there, its user keeps the password "
          + "that it has; with another password than that, it gets a new one")
    }
  }

  /// An end as it is declared; nil for none, and for one outside of the years 1 to 9999, such as -infinity.
  private static func end(_ expiry: Expiry) -> String? {
    guard case .time = expiry, Expiry(expiry.text) != nil else { return nil }
    return expiry.text
  }

  /// A key of a Secret for a user.
  private static func key(of name: String, _ taken: inout Set<String>) -> String {
    let plain = String(
      decoding: name.utf8.map { byte -> UInt8 in
        let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-_.".utf8.contains(byte)
        return isPlain ? byte : UInt8(ascii: "-")
      }, as: UTF8.self)
    let base = plain == "." || plain == ".." ? "user" : plain
    var key = base
    var number = 2
    while !taken.insert(key).inserted { (key, number) = ("\(base)-\(number)", number + 1) }
    return key
  }

  // MARK: Databases

  /// Whether a database can be declared as it is.
  private mutating func takes(_ name: PostgresName, _ database: DatabaseState, _ reading: ServerReading) -> Bool {
    guard name.reservedAsDatabase == nil else { return false }
    let reason: String? =
      if database.isDropInterrupted {
        "a DROP DATABASE of it was interrupted"
      } else if !database.allowsConnections {
        "it allows no connections"
      } else if reading.facts.databases[name.text]?.isTemplate == true {
        "it is a template"
      } else if !reading.isUser(database.owner) {
        "it belongs to \(database.owner.text), who is no user that can be declared"
      } else {
        nil
      }
    if let reason { remark("database \(name.text): \(reason); left out, and stays as it is") }
    return reason == nil
  }

  private mutating func takeDatabase(
    _ name: PostgresName, _ database: DatabaseState, _ contents: ServerFacts.Contents, _ reading: ServerReading
  ) {
    let place = "database \(name.text)"
    let facts = reading.facts.databases[name.text]
    withDatabase(name.text, owner: database.owner.text) { entry in
      entry.encoding = database.encoding
      if database.providerLocale == nil, facts?.characterType == database.collation {
        entry.locale = database.collation
      }
      entry.connectionLimit = database.connectionLimit < 0 ? nil : database.connectionLimit
      entry.schemas = contents.schemas.compactMap { schema in
        guard !schema.isOfExtension, let owner = try? PostgresName(schema.owner), reading.isUser(owner) else {
          return nil
        }
        return .members([
          ("name", .string(schema.name)), ("owner", owner == database.owner ? nil : .string(schema.owner)),
        ])
      }
    }
    let declared = Set(databases.first { $0.name == name.text }?.schemas.compactMap { $0["name"]?.string } ?? [])
    for found in contents.extensions {
      // Where its own control file says the schema, or the schema is its own, nothing has to be said.
      let isSaid = declared.contains(found.schema)
      if !isSaid, found.schema != "public", !found.isInOwnSchema {
        remark("\(place): extension \(found.name) is in schema \(found.schema), which is not declared; it stays there")
      }
      withDatabase(name.text, owner: database.owner.text) {
        $0.extensions.append(
          .members([("name", .string(found.name)), ("schema", isSaid ? .string(found.schema) : nil)]))
      }
    }
    for schema in contents.schemas where !schema.isOfExtension {
      guard let owner = try? PostgresName(schema.owner), reading.isUser(owner) else {
        remark(
          "\(place): schema \(schema.name) belongs to \(schema.owner), who is no user that can be declared; left out")
        continue
      }
    }
    if let sorted = database.providerLocale {
      remark(
        "\(place): the locale \(sorted) of ICU or of the server itself has no like: it is for initdb of a new server")
    } else if let kind = facts?.characterType, kind != database.collation {
      remark("\(place): LC_COLLATE \(database.collation) beside LC_CTYPE \(kind) has no like: locale is for both")
    }
    if let tablespace = facts?.tablespace { remark("\(place): tablespace \(tablespace) has no like; it stays there") }
    for (kind, count) in contents.others { remark("\(place): \(count) \(kind) have no like; they stay") }
    // What is too much is taken out again.
    let having = Set(contents.rights.map(\.role)).union(database.connectors.map(\.text))
    for user in users.map(\.name) where user != database.owner.text && having.contains(user) {
      withUser(user) { $0.grants.append((name.text, "write")) }
    }
  }
}
