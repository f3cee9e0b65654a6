import DatabaseSpec
import LibPQ
import Provisioning

extension Observer {
  /// Reads roles, memberships, databases and Postern's own records.
  func observeServer(
    _ desired: DesiredState, _ connection: borrowing Connection
  ) throws(PostgresError) -> ObservedState {
    var batch = CatalogBatch()
    let administrator = batch.ask(Catalog.administrator)
    let now = batch.ask(Catalog.now)
    let roles = batch.ask(Catalog.roles)
    let memberships = batch.ask(Catalog.memberships)
    let databases = batch.ask(Catalog.databases)
    let connectors = batch.ask(Catalog.connectors)
    let publicGrantors = batch.ask(Catalog.publicGrantors)
    let recordsOwner = batch.ask(Postern.recordsOwner)
    let answers = try connection.answers(batch)

    var state = ObservedState(
      serverVersion: connection.serverVersion, administrator: try answers.row(administrator))
    state.now = try answers.row(now)
    let present = desired.spec.users.filter { $0.ensure == .present }
    let rotating = desired.spec.turningUsers.map({ $0.name })
    let managed = Set(present.map({ $0.name }) + rotating.compactMap({ $0.secondLogin }))
    var withSettings = rotating + rotating.compactMap { $0.secondLogin }
    for row in try answers.rows(roles) {
      if row.isMarked { withSettings.append(row.name) }
      let password =
        row.name == state.administrator
        ? desired.adminPassword : managed.contains(row.name) ? desired.passwords[row.name] : nil
      var role = RoleState(
        oid: row.oid, isSuperuser: row.isSuperuser, canLogIn: row.canLogIn, connectionLimit: row.connectionLimit,
        validUntil: row.validUntil, password: cache.compare(row.name, stored: row.verifier, with: password),
        hasPassword: row.verifier != nil, sessions: row.sessions)
      role.inherits = row.inherits
      state.roles[row.name] = role
    }
    for (member, role, isFull) in try answers.rows(memberships) {
      if isFull {
        state.roles[member]?.memberships.insert(role)
      } else {
        state.roles[member]?.limitedMemberships.insert(role)
      }
    }
    for (name, database) in try answers.rows(databases) { state.databases[name] = database }
    try observeCollations(connection, &state)
    for (database, role) in try answers.rows(connectors) { state.databases[database]?.connectors.insert(role) }
    for (database, role) in try answers.rows(publicGrantors) {
      state.databases[database]?.publicGrantors.insert(role)
    }
    if let (condition, isComplete, publications) = try answers.rows(recordsOwner).first {
      state.intruders = condition.intruders
      if !condition.isSuperuser {
        state.records = .foreign(owner: condition.owner)
      } else {
        var records = try observeRecords(connection)
        records.isComplete = isComplete
        records.publications = publications
        state.records = condition.additions.map { .altered(by: $0, records) } ?? .present(records)
      }
    }
    try observePassedOn(present, connection, &state)
    try observeDependencies(desired.spec, connection, &state)
    if !withSettings.isEmpty {
      for (role, setting) in try connection.rows(Catalog.settings(of: withSettings)) {
        state.roles[role]?.settings.insert(setting)
      }
    }
    return state
  }

  /// One locale that the system's library does not know is an error.
  private func observeCollations(
    _ connection: borrowing Connection, _ state: inout ObservedState
  ) throws(PostgresError) {
    guard connection.serverVersion >= 150_000 else { return }
    do throws(PostgresError) {
      for (database, collation) in try connection.rows(Catalog.changedCollations) {
        state.databases[database]?.changedCollation = collation
      }
    } catch {
      guard error.kind == .server, !connection.isBroken else { throw error }
    }
  }

  private func observeRecords(_ connection: borrowing Connection) throws(PostgresError) -> Records {
    var batch = CatalogBatch()
    let roles = batch.ask(Postern.recordedRoles)
    let memberships = batch.ask(Postern.recordedMemberships)
    let grants = batch.ask(Postern.recordedGrants)
    let answers = try connection.answers(batch)
    var records = Records()
    for (name, role) in try answers.rows(roles) { records.roles[name] = role }
    for (member, role) in try answers.rows(memberships) { records.memberships[member, default: []].insert(role) }
    for (user, database, level) in try answers.rows(grants) { records.grants[user, default: [:]][database] = level }
    return records
  }

  /// Reads who has memberships from users who are to lose them. Before version 16 nobody loses any by that.
  private func observePassedOn(
    _ users: [User], _ connection: borrowing Connection, _ state: inout ObservedState
  ) throws(PostgresError) {
    guard state.serverVersion >= 160_000 else { return }
    var leaving: [(member: PostgresName, role: PostgresName)] = []
    for user in users {
      for role in state.records.records.memberships[user.name] ?? [] where !user.memberOf.contains(role) {
        leaving.append((user.name, role))
      }
    }
    guard !leaving.isEmpty else { return }
    for (member, role, other) in try connection.rows(Catalog.passedOn(leaving)) {
      state.roles[member]?.passedOn[role, default: []].insert(other)
    }
  }

  /// Reads the objects that depend on roles which may have to be dropped.
  private func observeDependencies(
    _ spec: InstanceSpec, _ connection: borrowing Connection, _ state: inout ObservedState
  ) throws(PostgresError) {
    var names = spec.users.filter { $0.ensure == .absent && state.roles[$0.name] != nil }.map({ $0.name })
    let declared = Set(spec.users.map({ $0.name }))
    let undeclared = state.records.records.roles.keys.filter { !declared.contains($0) && state.roles[$0] != nil }
    if spec.removedUsers == .drop { names += undeclared }
    names += state.records.records.roles.filter { $0.value.loginOf != nil && state.roles[$0.key] != nil }.map({ $0.key }
    )
    // Of roles that may only be locked, their subscriptions matter.
    var owners = names + spec.turningUsers.map({ $0.name }).filter { state.roles[$0] != nil }
    if spec.removedUsers == .lock { owners += undeclared }
    guard !owners.isEmpty else { return }
    names = Set(names).sorted()
    var batch = CatalogBatch()
    let dependencies = names.isEmpty ? nil : batch.ask(Catalog.dependencies(of: names))
    let holdings = batch.ask(Catalog.holdings(of: Set(owners).sorted()))
    let answers = try connection.answers(batch)
    if let dependencies {
      for (role, dependency) in try answers.rows(dependencies) { state.roles[role]?.dependencies.append(dependency) }
    }
    for (role, holding) in try answers.rows(holdings) { state.roles[role]?.holdings.append(holding) }
  }
}
