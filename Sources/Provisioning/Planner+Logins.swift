import DatabaseSpec

// A user whose password turns has two logins: the user's own role, and a second one, which is a member of the first and
// becomes it at each login (ALTER ROLE … SET role). So whatever the second makes belongs to the first, and what the first
// may do, the second may.
extension Planner {
  /// What one of the two logins must be like. A nil part stays as it is.
  struct LoginTarget {
    var canLogIn: Bool?
    var validUntil: Expiry?
  }

  /// What a user's own role, or its second login, must be like.
  func target(of user: User, isSecond: Bool) -> LoginTarget {
    guard user.rotate != nil, let login = desired.logins[user.name] else {
      return LoginTarget(canLogIn: isSecond ? nil : true)
    }
    let isUsable = LoginTarget(canLogIn: true, validUntil: user.validUntil ?? .infinity)
    guard login.isSecond != isSecond else { return isUsable }
    // Before the second login is there, and is ours, the first is not taken away.
    let isOver = LoginTarget(canLogIn: isSecond || hasSecondLogin(user) ? false : nil)
    switch login.other {
    case .idle: return isOver
    case .pending: return isUsable
    case .until(let end):
      guard end.microseconds > observed.now.microseconds else { return isOver }
      var expiry = Expiry.time(end)
      if case .time(let declared) = user.validUntil, declared.microseconds < end.microseconds {
        expiry = .time(declared)
      }
      // Without the password of before, only what can log in already can go on.
      let role = isSecond ? user.name.secondLogin ?? user.name : user.name
      return LoginTarget(canLogIn: desired.passwords[role] == nil ? nil : true, validUntil: expiry)
    }
  }

  /// The first releases in which a session that begins with a role of its own keeps it when it is reset by DISCARD ALL,
  /// as poolers do (PostgreSQL 17.2 release notes, E.3).
  private static func keepsRole(_ serverVersion: Int) -> Bool {
    switch serverVersion / 10_000 {
    case ...14: false
    case 15: serverVersion >= 150_010
    case 16: serverVersion >= 160_006
    case 17: serverVersion >= 170_002
    default: true
    }
  }

  private static func text(ofVersion version: Int) -> String { "\(version / 10_000).\(version % 10_000)" }

  /// Plans the second logins of declared users.
  /// - Parameter areKnown: only those that are there already.
  mutating func planSecondLogins(areKnown: Bool) {
    for user in spec.turningUsers {
      guard !renames.held.contains(.user(user.name)), !(areKnown && renames.roles[user.name] != nil),
        let second = user.name.secondLogin
      else { continue }
      // What is wrong with the user's own role is told of that.
      if let first = observed.roles[user.name],
        first.isSuperuser || otherCustomer(of: user.name) != nil
      {
        continue
      }
      let isOld = !Self.keepsRole(observed.serverVersion)
      if isOld, !areKnown {
        fail(
          .rotation(of: user.name),
          "the password cannot turn: on this server's version, \(Self.text(ofVersion: observed.serverVersion)), a session "
            + "that a pooler resets forgets to whom belongs what it makes",
          hint: "take an image of PostgreSQL 15.10, 16.6, 17.2 or 18, or a later one; the password stays until then")
      }
      guard let role = observed.roles[second] else {
        if !isOld, !areKnown { planNewLogin(second, of: user) }
        continue
      }
      guard isSecondLogin(second, role, of: user.name) else {
        if !areKnown {
          fail(
            .rotation(of: user.name),
            "the password cannot turn: \(second.text), which is to be the second login, is "
              + (role.isSuperuser ? "a superuser of this server, and is left as it is" : "somebody else's role"),
            hint: role.isSuperuser
              ? "declare a user of another name, or take rotate out of the declaration"
              : "rename or drop that role, or take rotate out of the declaration")
        }
        continue
      }
      planLogin(second, role, of: user)
      guard !areKnown else { continue }
      for (name, login) in [(user.name, observed.roles[user.name]), (second, role)] {
        guard let login else { continue }
        tellSubscriptions(
          of: name, login, for: .rotation(of: user.name), "is one of the two logins of a user whose password turns")
      }
      planSettings(of: second, role, from: user.name)
      planGift(of: second, role, to: user.name)
    }
  }

  /// Whether a role is one that Postern made as this user's second login.
  private func isSecondLogin(_ name: PostgresName, _ role: RoleState, of user: PostgresName) -> Bool {
    guard let record = records.roles[name], record.isMade, record.isAbout(role) else { return false }
    return record.loginOf == user && !role.isSuperuser && otherCustomer(of: name) == nil
  }

  private func hasSecondLogin(_ user: User) -> Bool {
    guard let second = user.name.secondLogin, let role = observed.roles[second] else { return false }
    return isSecondLogin(second, role, of: user.name)
  }

  private mutating func planNewLogin(_ second: PostgresName, of user: User) {
    let target = target(of: user, isSecond: true)
    var sql = "CREATE ROLE \(id(second)) \(target.canLogIn == true ? "LOGIN" : "NOLOGIN") NOSUPERUSER NOCREATEDB "
    sql += "NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT"
    if let limit = limit(of: user) { sql += " CONNECTION LIMIT \(limit)" }
    if let expiry = target.validUntil { sql += " VALID UNTIL \(SQLText.literal(expiry.text))" }
    var statements: [SQLStatement] = [.sql(sql), .sql(becomeMember(second, of: user.name))]
    statements.append(.sql(RoleSetting(name: "role", value: user.name.text).set(for: second)))
    if target.canLogIn == true, desired.passwords[second] != nil { statements.append(.setPassword(of: second)) }
    statements += Postern.recordLogin(second, of: user.name, customer: spec.customer).sql
    add(
      "create second login", [Detail("name", second), Detail("of", user.name)], for: .rotation(of: user.name),
      requires: [.server, .user(user.name)], statements)
  }

  private mutating func planLogin(_ second: PostgresName, _ role: RoleState, of user: User) {
    let target = target(of: user, isSecond: true)
    var (options, changes) = ("", [Detail]())
    let isLocked = change(role, to: target, &options, &changes)
    if let limit = limit(of: user), limit != role.connectionLimit {
      options += " CONNECTION LIMIT \(limit)"
      changes.append(Detail("connectionLimit", "\(limit)"))
    }
    var statements: [SQLStatement] = options.utf8.isEmpty ? [] : [.sql("ALTER ROLE \(id(second))\(options)")]
    let isPasswordNew = desired.passwords[second] != nil && role.password == .differs
    if isPasswordNew {
      statements.append(.setPassword(of: second))
      changes.append(Detail("password", "changed"))
    }
    if !role.memberships.contains(user.name) {
      statements.append(.sql(becomeMember(second, of: user.name)))
      changes.append(Detail("member", "true"))
    }
    let item = Item.rotation(of: user.name)
    let endsSessions = (isLocked || isPasswordNew) && spec.passwordChange == .endSessions
    if endsSessions { statements = Self.endingSessions(of: second, statements) }
    if !statements.isEmpty {
      add(
        "alter second login", [Detail("name", second)] + changes, for: item, requires: [.server, .user(user.name)],
        statements)
    }
    if endsSessions { endSessions(of: second, because: isLocked ? "locked" : "password changed", for: item) }
  }

  /// Adds the options that turn a role into what it must be like. Returns whether it can log in no more.
  func change(_ role: RoleState, to target: LoginTarget, _ options: inout String, _ changes: inout [Detail]) -> Bool {
    if let canLogIn = target.canLogIn, canLogIn != role.canLogIn {
      options += canLogIn ? " LOGIN" : " NOLOGIN"
      changes.append(Detail("login", "\(canLogIn)"))
    }
    if let expiry = target.validUntil, expiry != role.validUntil {
      options += " VALID UNTIL \(SQLText.literal(expiry.text))"
      changes.append(Detail("validUntil", expiry.text))
    }
    return target.canLogIn == false && role.canLogIn
  }

  /// The connection limit of a user's own role, after this plan.
  private func limit(of user: User) -> Int? {
    let role = observed.roles[user.name]
    let isMade = role.map { records.roles[user.name]?.isMade == true && records.roles[user.name]?.isAbout($0) == true }
    return user.connectionLimit ?? (isMade ?? true ? -1 : role?.connectionLimit)
  }

  private func becomeMember(_ member: PostgresName, of role: PostgresName) -> String {
    "GRANT \(id(role)) TO \(id(member))" + (observed.serverVersion >= 160_000 ? " WITH INHERIT TRUE, SET TRUE" : "")
  }

  /// Copies the parameters of a user's own role to the second login, which does not inherit them.
  private mutating func planSettings(of second: PostgresName, _ role: RoleState, from user: PostgresName) {
    guard let first = observed.roles[user] else { return }
    // While a script from a Secret begins, parameters of its own are set there. One that was killed may have left them.
    let untouched = first.settings.filter { $0.isOf(StatementLogging.mark) }.map({ $0.database })
    var wanted = first.settings.filter { setting in
      !setting.isOf("session_authorization") && !untouched.contains(setting.database)
    }
    if !wanted.contains(where: { $0.database == nil && $0.isOf("role") }) {
      wanted.insert(RoleSetting(name: "role", value: user.text))
    }
    let present = role.settings.filter { !untouched.contains($0.database) }
    let missing = wanted.filter { setting in !present.contains { $0.means(setting) } }.map { $0.set(for: second) }
    let extra = present.filter { setting in !wanted.contains { $0.isInPlace(of: setting) } }.map {
      $0.reset(for: second)
    }
    guard !missing.isEmpty || !extra.isEmpty else { return }
    addSeparate(
      "copy settings", [Detail("from", user), Detail("to", second)], for: .rotation(of: user),
      requires: [.server, .user(user)], in: Postern.database,
      SeparateStatements(
        extra.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
          + missing.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }))
  }

  /// Resets the parameters that a process has left which was killed while it logged in for a script from a Secret. Only
  /// a pass that holds the lock may do so.
  mutating func planLeftOvers() {
    for (name, role) in observed.roles.filter({ $0.value.settings.contains { $0.isOf(StatementLogging.mark) } })
      .sorted(by: { $0.key < $1.key })
    {
      for database in Set(role.settings.compactMap({ $0.database })).sorted() {
        guard let left = StatementLogging.leftOver(role.settings.filter { $0.database == database }) else { continue }
        add(
          "reset logging", [Detail("name", name), Detail("database", database)], for: .user(name),
          StatementLogging.end(left, for: name, in: database).sql)
      }
    }
  }

  /// Gives what was made as the second login itself, after SET ROLE NONE, to the user.
  mutating func planGift(of second: PostgresName, _ role: RoleState, to user: PostgresName) {
    for dependency in role.dependencies where dependency.owned > 0 {
      let database = dependency.database
      guard observed.databases[database]?.isUsable == true, !database.text.utf8.elementsEqual("template1".utf8) else {
        continue
      }
      let details = [Detail("name", second), Detail("database", database), Detail("to", user)]
      let item = Item.objects(of: second, in: database)
      addSeparate(
        "give objects", details, for: item, requires: self.user(user), in: database, .give(second, to: user))
      add(
        "give what is left", details, for: item, requires: self.user(user), in: database, isBookkeeping: true,
        ["REASSIGN OWNED BY \(id(second)) TO \(id(user))"].sql)
    }
  }

  /// The second logins of a user that Postern made.
  func secondLogins(of user: PostgresName) -> [(name: PostgresName, role: RoleState)] {
    var logins: [(name: PostgresName, role: RoleState)] = []
    for name in recordedLogins[user] ?? [] {
      if let role = observed.roles[name], isSecondLogin(name, role, of: user) { logins.append((name, role)) }
    }
    return logins
  }

  /// The declared user whose second login has this name. Where `rotate` is taken out, that login is there, and may be in
  /// use, after its name can be declared.
  func userOfSecondLogin(_ name: PostgresName) -> PostgresName? {
    guard let user = records.roles[name]?.loginOf, let role = observed.roles[name], !self.user(user).isEmpty,
      isSecondLogin(name, role, of: user)
    else { return nil }
    return user
  }

  /// Whether a declared name is that of a second login which is still needed.
  func isNeededLogin(_ name: PostgresName) -> Bool {
    userOfSecondLogin(name).map { turningUsers.contains($0) } ?? false
  }

  /// Tells that a declared name is that of a second login which is still needed.
  mutating func failAsNeededLogin(_ name: PostgresName) {
    fail(
      .user(name), "is still the second login of \(userOfSecondLogin(name)?.text ?? ""), and is left as it is",
      hint: "wait: it goes on by itself when that user is back at the first login and the overlap is over")
  }

  /// A second login that is needed no more, and whose name is declared as a user's, becomes that user's own role.
  mutating func planTakeover(_ name: PostgresName, _ role: RoleState) {
    guard let user = userOfSecondLogin(name) else { return }
    var statements = role.memberships.contains(user) ? ["REVOKE \(id(user)) FROM \(id(name)) CASCADE"] : []
    statements.append("ALTER ROLE \(id(name)) RESET ALL")
    statements.append("UPDATE postern.managed_role SET login_of = NULL WHERE name = \(lit(name))")
    add(
      "take over second login", [Detail("name", name), Detail("of", user)], for: .user(name), requires: [.server],
      statements.sql)
  }

  /// The second logins of declared users that must not be there any more.
  var leavingLogins: [(name: PostgresName, role: RoleState, user: User)] {
    var leaving: [(name: PostgresName, role: RoleState, user: User)] = []
    guard !recordedLogins.isEmpty else { return leaving }
    for user in spec.users where user.ensure == .absent || user.rotate == nil {
      guard !renames.held.contains(.user(user.name)) else { continue }
      leaving += secondLogins(of: user.name).filter { !presentUsers.contains($0.name) }
        .map { ($0.name, $0.role, user) }
    }
    return leaving
  }
}
