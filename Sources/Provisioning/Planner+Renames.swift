import DatabaseSpec

extension Planner {
  /// Tells what cannot be renamed.
  mutating func tellHeld() { plan.problems += renames.problems }

  /// Renames roles. A password is set together with that, because the server forgets one that is hashed by md5, with
  /// the role's name in it.
  mutating func planRoleRenames() {
    for user in spec.users {
      guard let old = renames.roles[user.name] else { continue }
      var statements: [SQLStatement] = [.sql("ALTER ROLE \(id(old)) RENAME TO \(id(user.name))")]
      if desired.passwords[user.name] != nil { statements.append(.setPassword(of: user.name)) }
      statements += Postern.renameRole(old, to: user.name).sql
      if let (before, after) = renames.seconds[user.name] {
        statements.append(.sql("ALTER ROLE \(id(before)) RENAME TO \(id(after))"))
        if desired.passwords[after] != nil { statements.append(.setPassword(of: after)) }
        statements.append(.sql(RoleSetting(name: "role", value: user.name.text).set(for: after)))
        statements += Postern.renameLogin(before, to: after, of: user.name).sql
      }
      add(
        "rename role", [Detail("from", old), Detail("to", user.name)], for: .user(user.name), requires: [.server],
        statements)
    }
  }

  /// Renames databases. The server refuses that while somebody is connected.
  mutating func planDatabaseRenames() {
    for database in spec.databases {
      guard let old = renames.databases[database.name] else { continue }
      add(
        "rename database", [Detail("from", old), Detail("to", database.name)], for: .database(database.name),
        requires: [.server],
        (["ALTER DATABASE \(id(old)) RENAME TO \(id(database.name))"]
          + Postern.renameDatabase(old, to: database.name)).sql)
    }
  }

  /// What a step waits for besides: the renames of what it is about.
  func renames(before item: Item, in database: PostgresName) -> [Item] {
    guard !renames.isEmpty else { return [] }
    let databases = [database, item.database].compactMap { name in
      name.flatMap { renames.databases[$0] == nil ? nil : Item.database($0) }
    }
    let users = item.users.compactMap { renames.roles[$0] == nil ? nil : Item.user($0) }
    return (databases + users).filter { $0 != item }
  }
}

extension Item {
  /// The roles that it is about.
  fileprivate var users: [PostgresName] {
    switch self {
    case .user(let name), .rotation(let name), .grant(let name, _), .objects(let name, _): [name]
    case .membership(let member, let role): [member, role]
    case .server, .database, .schema, .extension, .script: []
    }
  }
}
