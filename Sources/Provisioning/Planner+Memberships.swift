import DatabaseSpec

extension Planner {
  /// Plans the memberships of declared users. A membership that is no longer declared is revoked if Postern granted it:
  /// afterwards, so that a user who goes from one role to another is never without both, unless it would close a circle
  /// with those that are declared.
  mutating func planMemberships() {
    let declared = spec.users.filter { $0.ensure == .present && !$0.memberOf.isEmpty }
      .reduce(into: [PostgresName: [PostgresName]]()) { $0[$1.name] = $1.memberOf }
    var revoked: [(member: PostgresName, role: PostgresName, isInTheWay: Bool)] = []
    for user in spec.users where user.ensure == .present {
      for role in (records.memberships[user.name] ?? []).sorted()
      where !user.memberOf.contains(role) && !renames.heldRoles.contains(role) {
        revoked.append((user.name, role, leads(from: role, to: user.name, declared)))
      }
    }
    for (member, role, isInTheWay) in revoked where isInTheWay { revokeMembership(member, role) }
    for user in spec.users where user.ensure == .present {
      let have = observed.roles[user.name]?.memberships ?? []
      for role in user.memberOf where !have.contains(role) { planMembership(user.name, role) }
    }
    for (member, role, isInTheWay) in revoked where !isInTheWay { revokeMembership(member, role) }
  }

  /// Whether a role is, or is to be, a member of another one, maybe by way of others.
  private func leads(
    from start: PostgresName, to end: PostgresName, _ declared: [PostgresName: [PostgresName]]
  ) -> Bool {
    func groups(_ name: PostgresName) -> [PostgresName] {
      let role = observed.roles[name]
      return (declared[name] ?? []) + (role?.memberships ?? []) + (role?.limitedMemberships ?? [])
    }
    return isAny(start, by: groups) { $0 == end }
  }

  /// Whether a role is meant, or one of its groups, or of theirs, and so on.
  func isAny(
    _ start: PostgresName, by groups: (PostgresName) -> [PostgresName], _ isMeant: (PostgresName) -> Bool
  ) -> Bool {
    var open = [start]
    var seen: Set = [start]
    while let next = open.popLast() {
      if isMeant(next) { return true }
      open += groups(next).filter { seen.insert($0).inserted }
    }
    return false
  }

  private mutating func revokeMembership(_ member: PostgresName, _ role: PostgresName) {
    let state = observed.roles[member]
    let isMember = state?.memberships.contains(role) == true || state?.limitedMemberships.contains(role) == true
    var statements: [String] = isMember ? ["REVOKE \(id(role)) FROM \(id(member)) CASCADE"] : []
    statements += Postern.forgetMembership(of: member, in: role)
    let item = Item.membership(of: member, in: role)
    for other in (state?.passedOn[role] ?? []).sorted() where isMember {
      warn(
        item, "\(other.text) loses what \(member.text) had passed on: the membership in \(role.text)",
        hint: "if \(other.text) is to have it: GRANT \(id(role)) TO \(id(other)), or declare it as memberOf")
    }
    add(
      "revoke membership", [Detail("name", member), Detail("role", role)], for: item,
      requires: [.server, .user(member)], isBookkeeping: !isMember, statements.sql)
  }

  /// Whether a role that Postern made must inherit again. Before version 16 the member's attribute decides whether it
  /// has the rights of what it is a member of, and no grant can say otherwise. Of a role that was found, other
  /// memberships may be meant so; that is told.
  mutating func isWithoutInheritance(_ user: User, _ role: RoleState, isMade: Bool) -> Bool {
    guard observed.serverVersion < 160_000, !role.inherits else { return false }
    let owned = spec.databases.filter { $0.owner == user.name }.map({ $0.name.text })
    var roles = user.memberOf.map({ $0.text })
    if !owned.isEmpty {
      roles.append("pg_database_owner, whose the schema public in \(owned.joined(separator: ", ")) is,")
    }
    guard !roles.isEmpty, !isMade else { return !roles.isEmpty }
    warn(
      .user(user.name),
      "is NOINHERIT, and has none of the rights of \(roles.joined(separator: ", ")) before it says SET ROLE",
      hint:
        "ALTER ROLE \(id(user.name)) INHERIT, if no other membership of it is meant so; from PostgreSQL 16 on, each "
        + "membership says that by itself")
    return false
  }

  private mutating func planMembership(_ member: PostgresName, _ role: PostgresName) {
    let item = Item.membership(of: member, in: role)
    let isDeclared = spec.users.contains { $0.name == role && $0.ensure == .present }
    guard isDeclared || observed.roles[role] != nil else {
      return fail(
        item, "this server has no such role",
        hint: "declare it as a user, or take it out of memberOf")
    }
    guard observed.roles[role]?.isSuperuser != true else {
      return fail(
        item, "\(role.text) is a superuser", hint: "take it out of memberOf")
    }
    add(
      "grant membership", [Detail("name", member), Detail("role", role)], for: item,
      requires: [.server, .user(member)] + self.user(role),
      ([
        "GRANT \(id(role)) TO \(id(member))"
          + (observed.serverVersion >= 160_000 ? " WITH INHERIT TRUE, SET TRUE" : "")
      ] + Postern.recordMembership(of: member, in: role)).sql)
  }
}
