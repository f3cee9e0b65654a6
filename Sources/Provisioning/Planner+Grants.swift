import DatabaseSpec

extension Planner {
  /// Plans that users lose access to databases that they must not enter any more. This requires no other item and waits
  /// for nothing, not even for a rename of the database: their own sessions may prevent that.
  mutating func planExclusions() {
    for database in grantedDatabases() {
      let owner = self.database(database)?.owner ?? observed.databases[database]?.owner
      let schemaOwners = self.database(database)?.schemas.map({ $0.owner }) ?? []
      for user in grantees[database]
      where user.name != owner && user.level(on: database) == nil && !schemaOwners.contains(user.name) {
        keepOut(user.name, of: database)
      }
    }
  }

  /// Plans what declared users may do in databases that they do not own. A grant is recorded before it is given, and
  /// the record is lowered or removed only when the database, read again, shows nothing of it any more. So if a pass is
  /// killed in between, the next one completes the work. Where there were too many gaps to read them at once, plans like
  /// this one have the others.
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
      if let owner { useMembersObjects(owner, on: database, gaps.filter { $0.role == owner && $0.isMissing }) }
    }
  }

  /// The owner must be able to use the objects that its members create.
  private mutating func useMembersObjects(
    _ owner: PostgresName, on database: PostgresName, _ gaps: [PrivilegeGap]
  ) {
    guard !gaps.isEmpty else { return }
    addSeparate(
      "grant", [Detail("name", owner), Detail("database", database), Detail("level", "write")],
      for: .grant(to: owner, on: database), requires: user(owner) + [.database(database)], in: database,
      SeparateStatements(gaps.map { sql($0) }))
  }

  /// The databases with declared or recorded grants, declared databases first.
  private func grantedDatabases() -> [PostgresName] {
    spec.databases.filter { !grantees[$0.name].isEmpty || grantees.makers(of: $0).contains { $0.isMember } }
      .map({ $0.name })
      + grantees.recordedDatabases.filter { database($0) == nil && !renames.heldDatabases.contains($0) }.sorted()
  }

  /// The gaps in a declared database, including its schemas that do not exist yet.
  private func declaredGaps(_ database: Database) -> [PrivilegeGap] {
    guard let contents = contents(of: database) else { return [] }
    let wanted = grantees.privilegeRequests(
      in: database.name, declared: database, records: records, serverVersion: observed.serverVersion
    ).byRoleAndKind().filter { $0.kind == .schema && !$0.isOfMembersOnly }
    return database.schemas.filter { contents.schemas[$0.name] == nil }.reduce(into: contents.gaps) { gaps, schema in
      for group in wanted where group.role != schema.owner ?? database.owner {
        gaps.append(
          .init(
            role: group.role, kind: group.kind, target: .object(id(schema.name)), privileges: group.privileges,
            isMissing: true))
      }
    }
  }

  /// Gives and revokes what is possible: an object that fails does not prevent the others. A user who must have nothing
  /// loses access to the database first.
  private mutating func planGrant(
    to user: PostgresName, on database: PostgresName, level: Grant.Level?, _ gaps: [PrivilegeGap]
  ) {
    let before = records.grants[user]?[database]
    let isConnector = observed.databases[database]?.connectors.contains(user) == true
    if let level, before == nil || level == .write && before == .read {
      note(level, to: user, on: database, requirements(of: user, on: database))
    }
    if let level {
      let connect = "GRANT CONNECT ON DATABASE \(id(database)) TO \(id(user))"
      give(level, to: user, on: database, (isConnector ? [] : [connect]) + gaps.filter { $0.isMissing }.map { sql($0) })
    }
    guard let before, !isToOwn(user, database) else { return }
    take(before, from: user, on: database, gaps)
    guard level == nil || level == .read && before == .write else { return }
    let state = observed.databases[database]
    guard state == nil || state?.contents != nil else {
      // The next round looks into what is renamed. A declared database tells itself that it cannot be looked into.
      guard level == nil, renames.isEmpty else { return }
      return fail(
        .grant(to: user, on: database), "cannot be taken back altogether: the database cannot be looked into",
        hint: "the user can log in to it no more; the rest is done when the database allows connections")
    }
    // What is recorded must not go before what it says is taken back. Of the owner nothing has to stay away: it must have what
    // its members make, and with the record that would be given and taken in turn.
    let owns = self.database(database)?.owner == user
    guard owns || state?.contents?.hasMoreGaps != true && gaps.allSatisfy({ $0.isMissing }) else { return }
    if !owns, let transaction = state?.contents?.openTransactions[user] {
      return fail(
        .grant(to: user, on: database),
        "is not taken back altogether: an open transaction has made something that \(user.text) has rights on, and that "
          + "nobody else sees yet (\(transaction))",
        hint: "it is taken back when that has ended: end it, if it only idles; \(Self.neverIdle)")
    }
    guard let level else {
      return add(
        "forget grant", [Detail("name", user), Detail("database", database)], for: .grant(to: user, on: database),
        requires: requirements(of: user, on: database), isBookkeeping: true,
        Postern.forgetGrant(to: user, on: database).sql)
    }
    note(level, to: user, on: database, requirements(of: user, on: database))
  }

  /// Plans what gaps need that were too many to be read with the others: the rest is in the plan before.
  mutating func planFurtherGrants(on database: PostgresName, _ gaps: [PrivilegeGap]) {
    let owner = self.database(database)?.owner ?? observed.databases[database]?.owner
    for user in grantees[database] {
      let own = gaps.filter { $0.role == user.name }
      if user.name != owner, let level = user.level(on: database) {
        give(level, to: user.name, on: database, own.filter { $0.isMissing }.map { sql($0) })
      }
      if let before = records.grants[user.name]?[database], !isToOwn(user.name, database) {
        take(before, from: user.name, on: database, own)
      }
    }
    if let owner { useMembersObjects(owner, on: database, gaps.filter { $0.role == owner && $0.isMissing }) }
  }

  /// What helps where an application makes temporary tables all the time.
  static let neverIdle = "an application that is never without one has to stop for a moment"

  private func requirements(of user: PostgresName, on database: PostgresName) -> [Item] {
    [.server, .user(user), .database(database)]
  }

  private mutating func give(
    _ level: Grant.Level, to user: PostgresName, on database: PostgresName, _ statements: [String]
  ) {
    guard !statements.isEmpty else { return }
    addSeparate(
      "grant", [Detail("name", user), Detail("database", database), Detail("level", level.rawValue)],
      for: .grant(to: user, on: database), requires: requirements(of: user, on: database), in: database,
      SeparateStatements(statements))
  }

  /// Whether a user becomes the owner by this plan, and so of the objects of these gaps. The next round reads them again.
  private func isToOwn(_ user: PostgresName, _ database: PostgresName) -> Bool {
    self.database(database)?.owner == user && observed.databases[database]?.owner != user
  }

  private mutating func take(
    _ before: Grant.Level, from user: PostgresName, on database: PostgresName, _ gaps: [PrivilegeGap]
  ) {
    let item = Item.grant(to: user, on: database)
    let statements = gaps.filter { !$0.isMissing }.map { sql($0) }
    guard let state = observed.databases[database], !statements.isEmpty else { return }
    for rights in state.contents?.passedOn ?? [] where rights.user == user {
      let more = rights.count > 5 ? ", …" : ""
      warn(
        item,
        "\(rights.grantee.text) loses what \(user.text) had passed on: rights on \(rights.count) objects "
          + "(\(rights.names)\(more))",
        hint: "if \(rights.grantee.text) is to have them: declare a grant for it, or let the owner give them")
    }
    addSeparate(
      "revoke", [Detail("name", user), Detail("database", database), Detail("level", before.rawValue)], for: item,
      requires: requirements(of: user, on: database), in: database, SeparateStatements(statements))
  }

  /// Revokes CONNECT on a database by the name that it has before it is renamed. Who owns it still would lose a right of
  /// its own, which the next owner would then lack.
  private mutating func keepOut(_ user: PostgresName, of database: PostgresName) {
    guard records.grants[user]?[database] != nil, otherCustomer(of: user) == nil,
      let state = observed.databases[database], state.connectors.contains(user), state.owner != user
    else { return }
    let old = renames.databases[database] ?? database
    plan.steps.append(
      Step(
        "revoke connect", [Detail("name", user), Detail("database", old)], for: .grant(to: user, on: database),
        requires: renames.roles[user] == nil ? [] : [.user(user)],
        in: Postern.database,
        .transaction(["REVOKE CONNECT ON DATABASE \(id(old)) FROM \(id(user)) CASCADE"].sql)))
  }

  private mutating func note(
    _ level: Grant.Level, to user: PostgresName, on database: PostgresName, _ requires: [Item]
  ) {
    add(
      "note grant", [Detail("name", user), Detail("database", database), Detail("level", level.rawValue)],
      for: .grant(to: user, on: database), requires: requires, isBookkeeping: true,
      Postern.recordGrant(level, to: user, on: database).sql)
  }

  /// Revoking a privilege also revokes what the user has passed on by it (CASCADE).
  private func sql(_ gap: PrivilegeGap) -> String {
    let verb = gap.isMissing ? "GRANT" : "REVOKE"
    let role = gap.isMissing ? "TO \(id(gap.role))" : "FROM \(id(gap.role)) CASCADE"
    let privileges = gap.privileges.joined(separator: ", ")
    switch gap.target {
    case .object(let name): return "\(verb) \(privileges) ON \(gap.kind.singular) \(name) \(role)"
    case .future(let creator):
      return """
        ALTER DEFAULT PRIVILEGES FOR ROLE \(creator) \(verb) \(privileges) ON \(gap.kind.plural) \(role)
        """
    }
  }
}
