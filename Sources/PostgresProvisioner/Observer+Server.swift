import DatabaseSpec
import LibPQ
import Provisioning

extension Observer {
  /// Roles, memberships, databases and Postern's own records.
  func observeServer(
    _ desired: DesiredState, _ connection: borrowing Connection
  ) throws(PostgresError) -> ObservedState {
    let answers = try connection.answers([
      "SELECT current_user", Self.rolesQuery, Self.membershipsQuery(serverVersion: connection.serverVersion),
      Self.databasesQuery, Self.connectorsQuery, Self.recordsQuery,
    ])
    guard let administrator = answers[0].name(0, 0) else {
      throw PostgresError(kind: .protocol, message: "the server does not say who is logged in")
    }
    var state = ObservedState(serverVersion: connection.serverVersion, administrator: administrator)
    readRoles(answers[1], desired, &state)
    for row in 0..<answers[2].rowCount {
      guard let member = answers[2].name(row, 0), let role = answers[2].name(row, 1) else { continue }
      if answers[2].isTrue(row, 2) {
        state.roles[member]?.memberships.insert(role)
      } else {
        state.roles[member]?.limitedMemberships.insert(role)
      }
    }
    readDatabases(answers[3], connectors: answers[4], &state)
    if answers[5].rowCount > 0, let owner = answers[5].name(0, 0) {
      state.records = answers[5].isTrue(0, 1) ? .present(try observeRecords(connection)) : .foreign(owner: owner)
    }
    try observeDependencies(desired.spec, connection, &state)
    return state
  }

  private func readRoles(_ rows: QueryResult, _ desired: DesiredState, _ state: inout ObservedState) {
    let managed = Set(desired.spec.users.filter { $0.ensure == .present }.map({ $0.name }))
    for row in 0..<rows.rowCount {
      guard let name = rows.name(row, 0), let oid = rows.value(row, 1).flatMap({ UInt32($0) }) else { continue }
      let password =
        name == state.administrator
        ? desired.adminPassword : managed.contains(name) ? desired.passwords[name] : nil
      state.roles[name] = RoleState(
        oid: oid, isSuperuser: rows.isTrue(row, 2), canLogIn: rows.isTrue(row, 3),
        connectionLimit: rows.integer(row, 4) ?? -1,
        validUntil: rows.value(row, 5).flatMap { Int64($0) }.map { .time(Timestamp(microseconds: $0)) } ?? .infinity,
        password: cache.compare(name, stored: rows.value(row, 6), with: password),
        hasPassword: rows.value(row, 6) != nil, sessions: rows.integer(row, 7) ?? 0)
    }
  }

  private func readDatabases(_ rows: QueryResult, connectors: QueryResult, _ state: inout ObservedState) {
    for row in 0..<rows.rowCount {
      guard let name = rows.name(row, 0), let owner = rows.name(row, 1) else { continue }
      state.databases[name] = DatabaseState(
        owner: owner, allowsConnections: rows.isTrue(row, 2), connectionLimit: rows.integer(row, 3) ?? -1,
        encoding: rows.value(row, 4) ?? "", collation: rows.value(row, 5) ?? "", isOpenToPublic: rows.isTrue(row, 6))
    }
    for row in 0..<connectors.rowCount {
      guard let name = connectors.name(row, 0), let role = connectors.name(row, 1) else { continue }
      state.databases[name]?.connectors.insert(role)
    }
  }

  private func observeRecords(_ connection: borrowing Connection) throws(PostgresError) -> Records {
    let answers = try connection.answers([
      "SELECT name, role, made FROM postern.managed_role",
      "SELECT member, role FROM postern.managed_membership",
      "SELECT role, database, level FROM postern.managed_grant",
    ])
    var records = Records()
    for row in 0..<answers[0].rowCount {
      guard let name = answers[0].name(row, 0), let oid = answers[0].value(row, 1).flatMap({ UInt32($0) }) else {
        continue
      }
      records.roles[name] = RecordedRole(oid: oid, isMade: answers[0].isTrue(row, 2))
    }
    for row in 0..<answers[1].rowCount {
      guard let member = answers[1].name(row, 0), let role = answers[1].name(row, 1) else { continue }
      records.memberships[member, default: []].insert(role)
    }
    for row in 0..<answers[2].rowCount {
      guard let role = answers[2].name(row, 0), let database = answers[2].name(row, 1),
        let level = answers[2].value(row, 2).flatMap({ Grant.Level(rawValue: $0) })
      else { continue }
      records.grants[role, default: [:]][database] = level
    }
    return records
  }

  /// What depends on the roles that may have to be dropped.
  private func observeDependencies(
    _ spec: InstanceSpec, _ connection: borrowing Connection, _ state: inout ObservedState
  ) throws(PostgresError) {
    var names = spec.users.filter { $0.ensure == .absent && state.roles[$0.name] != nil }.map({ $0.name })
    if spec.removedUsers == .drop {
      let declared = Set(spec.users.map({ $0.name }))
      names += state.records.records.roles.keys.filter { !declared.contains($0) }
    }
    guard !names.isEmpty else { return }
    let roles = SQLText.array(names.sorted().map({ $0.text }))
    let answers = try connection.answers([
      LibPQ.Statement(Self.dependenciesQuery, [roles]), LibPQ.Statement(Self.holdingsQuery, [roles]),
    ])
    for row in 0..<answers[0].rowCount {
      guard let role = answers[0].name(row, 0), let database = answers[0].name(row, 1) else { continue }
      state.roles[role]?.dependencies.append(
        RoleDependency(database: database, owned: answers[0].integer(row, 2) ?? 0))
    }
    for row in 0..<answers[1].rowCount {
      guard let role = answers[1].name(row, 0), let name = answers[1].value(row, 2),
        let kind = answers[1].value(row, 1).flatMap({ RoleHolding.Kind(rawValue: $0) })
      else { continue }
      state.roles[role]?.holdings.append(RoleHolding(kind: kind, name: name, database: answers[1].name(row, 3)))
    }
  }
}

extension Connection {
  /// What several queries answer, in one round trip.
  borrowing func answers(_ queries: [String]) throws(PostgresError) -> [QueryResult] {
    try answers(queries.map { LibPQ.Statement($0) })
  }

  /// What several queries answer, in one round trip.
  borrowing func answers(_ queries: [LibPQ.Statement]) throws(PostgresError) -> [QueryResult] {
    var answers: [QueryResult] = []
    for outcome in try pipeline(queries) { answers.append(try outcome.get()) }
    return answers
  }
}
