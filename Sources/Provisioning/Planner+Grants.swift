import DatabaseSpec

extension Planner {
  /// What declared users may do in databases that they do not own. That a grant is Postern's is noted before it is
  /// given, and forgotten after it was taken back, so that a pass that was killed in between is made good by the next.
  mutating func planGrants() {
    for database in grantedDatabases() {
      let gaps: [PrivilegeGap]
      let owner: PostgresName?
      if let declared = self.database(database) {
        gaps = declaredGaps(declared)
        owner = declared.owner
      } else {
        gaps = observed.databases[database]?.contents?.gaps ?? []
        owner = observed.databases[database]?.owner
      }
      for user in grantees[database] {
        planGrant(
          to: user.name, on: database, level: user.name == owner ? nil : user.level(on: database),
          gaps.filter { $0.role == user.name })
      }
    }
  }

  /// The databases that grants are declared or were recorded for, declared ones first.
  private func grantedDatabases() -> [PostgresName] {
    spec.databases.map({ $0.name }).filter { !grantees[$0].isEmpty }
      + grantees.recordedDatabases.filter { database($0) == nil }.sorted()
  }

  /// Those in a declared database, with its schemas that are still to be made.
  private func declaredGaps(_ database: Database) -> [PrivilegeGap] {
    guard let contents = contents(of: database) else { return [] }
    let wanted = spec.privilegeRequests(
      of: grantees[database.name], in: database.name, records: records, serverVersion: observed.serverVersion
    ).byRoleAndKind().filter { $0.1 == .schema }
    return database.schemas.filter { contents.schemas[$0.name] == nil }.reduce(into: contents.gaps) { gaps, schema in
      for (role, kind, privileges) in wanted where role != schema.owner ?? database.owner {
        gaps.append(
          .init(role: role, kind: kind, target: .object(id(schema.name)), privileges: privileges, isMissing: true))
      }
    }
  }

  private mutating func planGrant(
    to user: PostgresName, on database: PostgresName, level: Grant.Level?, _ gaps: [PrivilegeGap]
  ) {
    let before = records.grants[user]?[database]
    let item = Item.grant(to: user, on: database)
    let requires = [Item.server, .user(user), .database(database)]
    let details = [Detail("name", user), Detail("database", database)]
    let isConnector = observed.databases[database]?.connectors.contains(user) == true
    if let level, before == nil || level == .write && before == .read {
      note(level, to: user, on: database, requires)
    }
    var statements: [String] = []
    if level != nil, !isConnector { statements.append("GRANT CONNECT ON DATABASE \(id(database)) TO \(id(user))") }
    for gap in merged(gaps.filter({ $0.isMissing })) { statements.append(sql(gap)) }
    if let level, !statements.isEmpty {
      add(
        "grant", details + [Detail("level", level.rawValue)], for: item, requires: requires, in: database,
        statements.sql)
    }
    guard let before else { return }
    let exists = observed.databases[database] != nil
    statements = merged(gaps.filter { !$0.isMissing }).map { sql($0) }
    if level == nil, isConnector { statements.append("REVOKE CONNECT ON DATABASE \(id(database)) FROM \(id(user))") }
    if exists, !statements.isEmpty {
      add(
        "revoke", details + [Detail("level", before.rawValue)], for: item, requires: requires, in: database,
        statements.sql)
    }
    guard let level else {
      return add(
        "forget grant", details, for: item, requires: requires, isBookkeeping: true,
        [Postern.forgetGrant(to: user, on: database)].sql)
    }
    if level == .read, before == .write { note(level, to: user, on: database, requires) }
  }

  private mutating func note(
    _ level: Grant.Level, to user: PostgresName, on database: PostgresName, _ requires: [Item]
  ) {
    add(
      "note grant", [Detail("name", user), Detail("database", database), Detail("level", level.rawValue)],
      for: .grant(to: user, on: database), requires: requires, isBookkeeping: true,
      [Postern.recordGrant(level, to: user, on: database)].sql)
  }

  /// Gaps that differ in nothing but the object become one with all their objects.
  private func merged(_ gaps: [PrivilegeGap]) -> [PrivilegeGap] {
    var merged: [PrivilegeGap] = []
    for gap in gaps {
      if case .object(let name) = gap.target,
        let index = merged.firstIndex(where: { $0.kind == gap.kind && $0.privileges == gap.privileges }),
        case .object(let names) = merged[index].target
      {
        merged[index].target = .object("\(names), \(name)")
      } else {
        merged.append(gap)
      }
    }
    return merged
  }

  private func sql(_ gap: PrivilegeGap) -> String {
    let verb = gap.isMissing ? "GRANT" : "REVOKE"
    let role = "\(gap.isMissing ? "TO" : "FROM") \(id(gap.role))"
    let privileges = gap.privileges.joined(separator: ", ")
    switch gap.target {
    case .object(let names):
      return "\(verb) \(privileges) ON \(gap.kind.singular) \(names) \(role)"
    case .future(let creator):
      return """
        ALTER DEFAULT PRIVILEGES FOR ROLE \(id(creator)) \(verb) \(privileges) ON \(gap.kind.plural) \(role)
        """
    }
  }
}
