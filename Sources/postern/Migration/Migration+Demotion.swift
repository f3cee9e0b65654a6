import DatabaseSpec
import Declarations
import JSONBytes
import PostgresProvisioner
import Provisioning

extension Migration {
  /// Takes out of the declaration what a first pass would change, until it changes nothing.
  /// - Parameter look: what a pass finds, and would do, without doing it.
  mutating func settle(
    _ look: (DesiredState) throws(CommandError) -> Survey
  ) throws(CommandError) {
    // Each round takes something out.
    while true {
      let annotations = try settled().annotations
      let result = Declaration.parse(
        customer: customer, annotations: Dictionary(annotations.map { ($0.key, $0.value) }) { $1 })
      guard let declaration = result.declaration else { return }
      let survey = try look(DesiredState(spec: declaration.spec, specHash: ""))
      let (state, plan) = (survey.state, survey.plan)
      switch state.records {
      case .foreign(let owner):
        throw .refused(
          "the schema postern in the database postgres belongs to \(owner.text), and Postern keeps its records there")
      case .altered(let additions, _):
        throw .refused("Postern's records, in the database postgres, have what is not Postern's: \(additions)")
      case .absent, .present: break
      }
      var isChanged = false
      for step in plan.steps where !isExpected(step, state) && demote(step.item, "a first pass would \(step.title)") {
        isChanged = true
      }
      for problem in plan.problems where problem.isFailure && demote(problem.item, problem.message) { isChanged = true }
      guard !isChanged else { continue }
      tell(survey, declaration.spec)
      return
    }
  }

  /// Whether a step only writes Postern's own records, or closes a database to everybody and opens it for whom a grant is
  /// declared.
  private func isExpected(_ step: Step, _ state: ObservedState) -> Bool {
    if step.isBookkeeping { return true }
    switch (step.title, step.item) {
    case ("create records", _), ("renew records", _), ("close database to others", _), ("close schema to others", _):
      return true
    case ("adopt role", _): return step.details.count == 1
    case ("grant connect", .schema(_, let database)): return state.databases[database]?.isOpenToPublic == true
    case ("grant", .grant(let user, let database)):
      guard let found = state.databases[database], found.isOpenToPublic, !found.connectors.contains(user) else {
        return false
      }
      return found.contents?.gaps.contains { $0.role == user && $0.isMissing } == false
    default: return false
    }
  }

  /// Takes out what an item is about, as little of it as is possible.
  /// - Returns: whether there was something.
  private mutating func demote(_ item: Item, _ reason: String) -> Bool {
    switch item {
    case .grant(let user, let database): return demoteGrant(user.text, database.text)
    case .membership(let user, let role):
      guard let index = users.firstIndex(where: { $0.name == user.text }), users[index].memberOf.contains(role.text)
      else {
        return false
      }
      users[index].memberOf.removeAll { $0 == role.text }
      remark("user \(user.text): membership in \(role.text) is left out, and stays: \(reason)")
    case .schema(let schema, let database):
      return takeOut(schema.text, of: database.text, \.schemas, "schema", reason)
    case .extension(let name, let database):
      return takeOut(name.text, of: database.text, \.extensions, "extension", reason)
    case .database(let name), .objects(_, let name), .script(_, let name):
      guard databases.contains(where: { $0.name == name.text }) else { return false }
      databases.removeAll { $0.name == name.text }
      for index in users.indices { users[index].grants.removeAll { $0.database == name.text } }
      remark("database \(name.text) is left out, and stays as it is: \(reason)")
    case .user(let name), .rotation(let name):
      guard users.contains(where: { $0.name == name.text }) else { return false }
      users.removeAll { $0.name == name.text }
      for index in users.indices { users[index].memberOf.removeAll { $0 == name.text } }
      remark("user \(name.text) is left out, and stays as it is: \(reason)")
      for database in databases where database.owner == name.text {
        _ = demote(.database((try? PostgresName(database.name)) ?? name), "its owner is")
      }
    case .server: return false
    }
    return true
  }

  /// From write to read, from read to nothing. Of an owner it is what its members make, on which Postern gives it rights.
  private mutating func demoteGrant(_ user: String, _ database: String) -> Bool {
    if let index = users.firstIndex(where: { $0.name == user }),
      let grant = users[index].grants.firstIndex(where: { $0.database == database })
    {
      if users[index].grants[grant].level == "write" {
        users[index].grants[grant].level = "read"
      } else {
        users[index].grants.remove(at: grant)
      }
      return true
    }
    var isChanged = false
    for index in users.indices where users[index].memberOf.contains(user) {
      users[index].memberOf.removeAll { $0 == user }
      remark(
        "user \(users[index].name): membership in \(user), who owns database \(database), is left out, and stays: declared, it would give "
          + "the owner rights on what its members make")
      isChanged = true
    }
    return isChanged
  }

  private mutating func takeOut(
    _ name: String, of database: String, _ list: WritableKeyPath<MigratedDatabase, [JSONValue]>, _ noun: String,
    _ reason: String
  ) -> Bool {
    guard let index = databases.firstIndex(where: { $0.name == database }),
      databases[index][keyPath: list].contains(where: { $0["name"]?.string == name })
    else { return false }
    databases[index][keyPath: list].removeAll { $0["name"]?.string == name }
    remark("database \(database): \(noun) \(name) is left out, and stays as it is: \(reason)")
    return true
  }

  // MARK: What is left to tell

  /// What a pass does all the same, and what it would warn of.
  private mutating func tell(_ survey: Survey, _ spec: InstanceSpec) {
    let (state, plan) = (survey.state, survey.plan)
    for step in plan.steps where !isExpected(step, state) { remark("a first pass changes this: \(step.summary)") }
    let closed = plan.steps.filter { $0.title == "close database to others" }.compactMap { $0.item.database }
    for name in Set(closed).sorted() {
      var doors = state.databases[name]?.connectors ?? []
      if let owner = state.databases[name]?.owner { doors.insert(owner) }
      let users = spec.users.filter { user in
        user.level(on: name) == nil && Self.roles(of: user.name, in: state).isDisjoint(with: doors)
      }.map { $0.name.text }
      let who = users.isEmpty ? "" : "; who has no grant there can connect no more: " + Self.list(users)
      remark("database \(name.text): a first pass takes CONNECT back from PUBLIC\(who)")
    }
    for step in plan.steps where step.title == "close schema to others" {
      remark(
        "\(step.item): a first pass makes its schema public as PostgreSQL 15 does: the owner's, and closed to everybody else"
      )
    }
    for problem in plan.problems {
      // That a user has no password is told with the user.
      if case .user = problem.item, !problem.isFailure { continue }
      remark("\(problem.item): \(problem.message)")
    }
  }

  /// The role and those whose rights it has.
  private static func roles(of name: PostgresName, in state: ObservedState) -> Set<PostgresName> {
    var found: Set = [name]
    var open = [name]
    while let role = open.popLast() {
      for group in state.roles[role]?.memberships ?? [] where found.insert(group).inserted { open.append(group) }
    }
    return found
  }

  static func list(_ names: [String], separator: String = ", ") -> String {
    names.prefix(10).joined(separator: separator) + (names.count > 10 ? "\(separator)and \(names.count - 10) more" : "")
  }

  /// What of the server no declaration is about.
  mutating func remarkRest(of reading: ServerReading, _ contents: [String: ServerFacts.Contents]) {
    let roles = reading.state.roles.filter { !$0.key.text.hasPrefix("pg_") && $0.key != reading.state.administrator }
    let superusers = roles.filter { $0.value.isSuperuser }.map { $0.key.text }.sorted()
    if !superusers.isEmpty { remark("superusers are not declared, and stay: \(Self.list(superusers))") }
    let groups = roles.filter { !$0.value.isSuperuser && !$0.value.canLogIn }.map { $0.key.text }.sorted()
    if !groups.isEmpty { remark("roles that cannot log in have no like, and stay: \(Self.list(groups))") }
    for (name, record) in reading.state.records.records.roles.sorted(by: { $0.key < $1.key }) {
      if let user = record.loginOf {
        remark("user \(user.text): its password turns between two logins (\(name.text)); rotate says how often")
      }
    }
    for (member, role) in reading.facts.administeredRoles {
      remark("role \(member): ADMIN OPTION in \(role) has no like; it stays")
    }
    for text in reading.facts.parameters { remark("parameters have no like, and stay: \(text)") }
    if !reading.facts.md5Users.isEmpty {
      remark("passwords are kept as md5, and become SCRAM with the Secret: \(Self.list(reading.facts.md5Users))")
    }
    if !reading.facts.tablespaces.isEmpty {
      remark("tablespaces have no like, and stay: \(Self.list(reading.facts.tablespaces))")
    }
    if !reading.facts.subscriptions.isEmpty {
      remark("subscriptions have no like, and stay: \(Self.list(reading.facts.subscriptions))")
    }
    for (database, contents) in contents.sorted(by: { $0.key < $1.key }) {
      remarkRights(contents.rights, in: database, reading.state.serverVersion)
    }
  }

  /// The rights that go beyond a declared level, or are none.
  private mutating func remarkRights(_ rights: [ServerFacts.Right], in database: String, _ version: Int) {
    for (role, all) in Dictionary(grouping: rights, by: \.role).sorted(by: { $0.key < $1.key }) {
      let owner = databases.first { $0.name == database }?.owner
      guard role != owner else { continue }
      let word = users.first { $0.name == role }?.grants.first { $0.database == database }?.level
      let level = word.flatMap { Grant.Level(rawValue: $0) }
      let others = all.filter { right in
        if role.isEmpty { return !Self.isEverybodys(right) }
        let kind = right.kind.hasPrefix("d") ? String(right.kind.dropFirst()) : right.kind
        guard let level, let kind = ObjectKind(rawValue: kind) else { return true }
        return !level.privileges(on: kind, serverVersion: version).contains(right.privilege)
      }
      guard !others.isEmpty else { continue }
      let who = role.isEmpty ? "everybody" : role
      let beyond = word.map { "besides \($0) " } ?? ""
      remark(
        "database \(database): \(who) has \(beyond)rights that no grant says alone, and keeps them: "
          + Self.list(others.map { "\($0.privilege) on \($0.count) \(Self.noun($0.kind))" }))
    }
  }

  /// What the server gives to everybody by itself.
  private static func isEverybodys(_ right: ServerFacts.Right) -> Bool {
    switch (right.kind, right.privilege) {
    case ("n", "USAGE"), ("f", "EXECUTE"), ("df", "EXECUTE"), ("T", "USAGE"), ("dT", "USAGE"): true
    default: false
    }
  }

  private static func noun(_ kind: String) -> String {
    let nouns = [
      "n": "schemas", "r": "tables", "S": "sequences", "f": "routines", "c": "columns", "T": "types",
      "O": "other objects",
    ]
    if let noun = nouns[kind] { return noun }
    let inner = nouns[String(kind.dropFirst())] ?? "objects"
    return "default privileges for \(inner)" + (kind.hasPrefix("e") ? " of one schema" : "")
  }
}
