import DatabaseSpec

extension Planner {
  /// Locks users that must be absent, and users that Postern created and that are no longer declared. It is done before
  /// everything else.
  mutating func planLocks() {
    var leavers: [(name: PostgresName, role: RoleState)] = []
    for user in spec.users where user.ensure == .absent {
      if let role = observed.roles[user.name], !role.isSuperuser, otherCustomer(of: user.name) == nil,
        userOfSecondLogin(user.name) == nil
      {
        leavers.append((user.name, role))
      }
    }
    if spec.removedUsers != .keep { leavers += undeclaredRoles }
    leavers += leavingLogins.map { ($0.name, $0.role) }
    // A separate step ends the sessions, so that a session that does not end at once does not keep other users from
    // being locked.
    for (name, role) in leavers where role.canLogIn {
      add(
        "lock role", [Detail("name", name)], for: .user(name),
        (Self.takeHold(of: name, whoeverHoldsIt: true) + ["ALTER ROLE \(id(name)) NOLOGIN"]).sql)
    }
    for (name, role) in leavers where role.canLogIn || role.sessions > 0 { endSessions(of: name, because: "locked") }
  }

  /// The roles that Postern created and that are no longer declared, apart from superusers.
  var undeclaredRoles: [(name: PostgresName, role: RoleState)] { roles(areSuperusers: false) }

  /// Those that somebody has made superusers since.
  private var undeclaredSuperusers: [PostgresName] { roles(areSuperusers: true).map({ $0.name }) }

  private mutating func tellSuperuser(_ name: PostgresName) {
    let end = spec.removedUsers == .drop ? "dropped" : "locked"
    // Postern's own login must stay a superuser's.
    let demotion =
      name == observed.administrator ? "" : "ALTER ROLE \(id(name)) NOSUPERUSER, and it is \(end); or, "
    warn(
      .user(name), "is not declared any more, and not \(end), because somebody has made it a superuser",
      hint: "\(demotion)where it is to stay, in the database postgres: "
        + Postern.forgetting(name).joined(separator: "; "))
  }

  private func roles(areSuperusers: Bool) -> [(name: PostgresName, role: RoleState)] {
    let declared = Set(spec.users.map({ $0.name }))
    var roles: [(name: PostgresName, role: RoleState)] = []
    for (name, record) in records.roles.sorted(by: { $0.key < $1.key })
    where !declared.contains(name) && !renames.heldRoles.contains(name) && isOurs(record) {
      // The second login of a declared user is planned with that user.
      if let user = record.loginOf, declared.contains(user) || renames.heldRoles.contains(user) { continue }
      if record.isMade, let role = observed.roles[name], record.isAbout(role), role.isSuperuser == areSuperusers {
        roles.append((name, role))
      }
    }
    return roles
  }

  /// Drops users that must be absent and, if removed users are dropped, those that are no longer declared.
  mutating func planRemovals() {
    for (name, role, user) in leavingLogins { drop(name, role, heir: user.ensure == .present ? user.name : nil) }
    for user in spec.users where user.ensure == .absent { planAbsent(user.name) }
    let declared = Set(spec.users.map({ $0.name }))
    let undeclared = undeclaredRoles
    let logins = spec.users.flatMap { secondLogins(of: $0.name) } + renames.heldRoles.flatMap { secondLogins(of: $0) }
    let superusers = undeclaredSuperusers
    if spec.removedUsers != .keep { for name in superusers { tellSuperuser(name) } }
    let kept = declared.union(undeclared.map({ $0.name })).union(renames.heldRoles).union(logins.map({ $0.name }))
      .union(superusers)
    // A recorded role that no longer exists, or that Postern did not create.
    for (name, record) in records.roles.sorted(by: { $0.key < $1.key }) where !kept.contains(name) && isOurs(record) {
      forget(name)
    }
    if spec.removedUsers == .drop {
      for (name, role) in undeclared {
        // What a role that is left takes over from its second login must not be gone before.
        let user = records.roles[name]?.loginOf
        drop(name, role, after: user.flatMap { takeover(ofLoginBy: $0) == nil ? nil : $0 })
      }
    }
    if spec.removedUsers == .lock {
      for (name, role) in undeclared { tellSubscriptions(of: name, role, for: .user(name), "is locked") }
    }
  }

  /// The server lets the worker of a subscription begin only where its owner may log in. Who publishes keeps all that it
  /// does not fetch.
  mutating func tellSubscriptions(of name: PostgresName, _ role: RoleState, for item: Item, _ why: String) {
    for holding in role.holdings where holding.kind == .subscription {
      let database = holding.database.map { " in the database \($0.text)" } ?? ""
      let subscription = SQLText.identifier(text: holding.name)
      warn(
        item,
        "\(name.text), which \(why), owns the subscription \(holding.name)\(database): it does not start again while "
          + "\(name.text) may not log in, and its publisher keeps all that it does not fetch",
        hint:
          "there, as a superuser: ALTER SUBSCRIPTION \(subscription) OWNER TO a role that may log in and is not to be "
          + "locked, or DROP SUBSCRIPTION \(subscription)")
    }
  }

  /// Whether a role was recorded for this customer. A record of version 0.1 counts as this customer's, unless another
  /// customer uses this server as well.
  private func isOurs(_ record: RecordedRole) -> Bool {
    if let customer = record.customer { return customer.utf8.elementsEqual(spec.customer.utf8) }
    return records.roles.values.allSatisfy { other in
      other.customer.map { $0.utf8.elementsEqual(spec.customer.utf8) } ?? true
    }
  }

  private mutating func forget(_ name: PostgresName) {
    let isThere = observed.roles[name] != nil
    add(
      isThere ? "leave role" : "forget role", [Detail("name", name)], for: .user(name), requires: [.server],
      isBookkeeping: !isThere, ((takeover(ofLoginBy: name) ?? []) + Postern.forgetRole(name)).sql)
  }

  /// Makes a role that Postern found, and leaves, what its second login was, where that was in use and goes: it can log in by
  /// the password that was in use, and none of before comes back. Nil where nothing is to be done.
  private func takeover(ofLoginBy name: PostgresName) -> [String]? {
    guard spec.removedUsers != .keep, let record = records.roles[name], !record.isMade,
      let role = observed.roles[name], record.isAbout(role), !role.isSuperuser,
      let (second, login) = secondLogins(of: name).first,
      !role.canLogIn || role.validUntil.isBefore(login.validUntil)
    else { return nil }
    let copy = """
      BEGIN EXECUTE (SELECT format('ALTER ROLE %I PASSWORD %L', \(lit(name)), rolpassword) FROM pg_authid \
      WHERE rolname = \(lit(second))); END
      """
    return [
      StatementLogging.offInTransaction,
      "ALTER ROLE \(id(name)) LOGIN VALID UNTIL \(SQLText.literal(login.validUntil.text))",
      "DO \(SQLText.literal(copy))",
    ]
  }

  private mutating func planAbsent(_ name: PostgresName) {
    guard let role = observed.roles[name] else {
      if let record = records.roles[name], isOurs(record) { forget(name) }
      return
    }
    guard !role.isSuperuser else {
      return fail(.user(name), "is a superuser of this server, and superusers are not dropped", hint: "drop it by hand")
    }
    if let customer = otherCustomer(of: name) {
      return fail(
        .user(name), "is the customer \(customer)'s on this server, and is left as it is",
        hint: "take it out of the declaration")
    }
    guard userOfSecondLogin(name) == nil else {
      // One that is needed no more is dropped with the user whose it is.
      if isNeededLogin(name) { failAsNeededLogin(name) }
      return
    }
    drop(name, role)
  }

  /// Gives what a locked role owns in each database to that database's owner, revokes the role's grants, and drops the
  /// role. What it owns never goes to a superuser, because a function that it wrote would then run as a superuser.
  /// - Parameters:
  ///   - heir: the user whose second login it is, who gets all of it instead.
  ///   - former: a role that must have been left before.
  private mutating func drop(
    _ name: PostgresName, _ role: RoleState, heir: PostgresName? = nil, after former: PostgresName? = nil
  ) {
    let ownedDatabases = observed.databases.keys.sorted().filter { observed.databases[$0]?.owner == name }
    var blockers: [String] = []
    // A second login is dropped only after the user's own role is as it must be.
    var requires: [Item] = (heir.map { user($0) } ?? []) + (former.map { [.user($0)] } ?? [])
    for database in ownedDatabases {
      if let declared = spec.databases.first(where: { $0.name == database }), declared.owner != name {
        requires.append(.database(database))
      } else {
        blockers.append("it owns the database \(database.text), for which no other owner is declared")
      }
    }
    blockers += role.holdings.map { Self.blocker($0) }
    var moves: [(database: PostgresName, owner: PostgresName?)] = []
    for dependency in role.dependencies {
      let database = dependency.database
      let state = observed.databases[database]
      let owner = heir ?? spec.databases.first { $0.name == database }?.owner ?? state?.owner
      let isOwnerFit = owner.map { $0 != name && observed.roles[$0]?.isSuperuser != true } ?? false
      if state?.isUsable != true {
        blockers.append("it has objects or rights in the database \(database.text), which allows no connection")
      } else if database.text.utf8.elementsEqual("template1".utf8) {
        blockers.append("it has objects or rights in the database template1, which Postern never connects to")
      } else if dependency.owned > 0, !isOwnerFit {
        if owner != name {
          blockers.append("it owns \(dependency.owned) objects in the database \(database.text), a superuser's")
        }
      } else {
        moves.append((database, isOwnerFit ? owner : nil))
        if let owner, isOwnerFit { requires += user(owner) }
        if spec.databases.contains(where: { $0.name == database }) { requires.append(.database(database)) }
      }
    }
    guard blockers.isEmpty else {
      return fail(
        .user(name), "is locked but cannot be dropped: \(blockers.joined(separator: "; "))",
        hint: "give that to somebody else or end it (declare the database with another owner, ALTER … OWNER TO, "
          + "REASSIGN OWNED, ROLLBACK PREPARED); the rest is then done by itself")
    }
    for move in moves { giveUp(name, in: move.database, to: move.owner, requires) }
    add(
      "drop role", [Detail("name", name)], for: .user(name),
      requires: [.server] + requires + moves.map { .objects(of: name, in: $0.database) },
      (Self.dropOwned(name) + ["DROP ROLE \(id(name))"] + Postern.forgetRole(name)).sql)
  }

  /// Each object is changed by itself, so that one that fails does not keep the others, and the server needs few locks.
  /// DROP OWNED removes the little that is left.
  private mutating func giveUp(
    _ name: PostgresName, in database: PostgresName, to owner: PostgresName?, _ requires: [Item]
  ) {
    let item = Item.objects(of: name, in: database)
    let details = [Detail("name", name), Detail("database", database)]
    if let owner {
      addSeparate(
        "give objects", details + [Detail("to", owner)], for: item, requires: requires, in: database,
        .give(name, to: owner))
    }
    addSeparate("take rights", details, for: item, requires: requires, in: database, .takeRights(of: name))
    add(
      "give up objects", details, for: item, requires: requires, in: database,
      ((owner.map { ["REASSIGN OWNED BY \(id(name)) TO \(id($0))"] } ?? []) + Self.dropOwned(name)).sql)
  }

  private static func blocker(_ holding: RoleHolding) -> String {
    let place = holding.database.map { " in the database \($0.text)" } ?? ""
    return switch holding.kind {
    case .preparedTransaction: "it has the prepared transaction \(holding.name)\(place)"
    case .subscription: "it owns the subscription \(holding.name)\(place)"
    case .tablespace: "it owns the tablespace \(holding.name)"
    }
  }

  /// Revokes a role's rights in the current database. Refuses to do so if the role still owns anything there, because
  /// DROP OWNED would drop it. Its default privileges and user mappings count as owned, but nobody else needs them.
  private static func dropOwned(_ name: PostgresName) -> [String] {
    let check = """
      DECLARE owned text; BEGIN \
      SELECT string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO owned FROM ( \
      SELECT s.classid, s.objid, s.objsubid FROM pg_shdepend s JOIN pg_database b ON b.oid = s.dbid \
      WHERE b.datname = current_database() AND s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' \
      AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass) \
      AND s.refobjid = (SELECT oid FROM pg_authid WHERE rolname = \(lit(name))) LIMIT 10) d; \
      IF owned IS NOT NULL THEN RAISE EXCEPTION 'it still owns %', owned USING ERRCODE = '2BP01'; END IF; END
      """
    return ["DO \(SQLText.literal(check))", "DROP OWNED BY \(id(name))"]
  }
}
