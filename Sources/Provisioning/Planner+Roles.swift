import DatabaseSpec

extension Planner {
  /// Creates the records. Without them nothing else is done, because nobody could know to whom a role belongs.
  mutating func planRecords() {
    switch observed.records {
    case .present(let records):
      tellPublications(
        records.publications, of: .server, "the database postgres's", "Postern's records",
        "such tables in a schema postern")
      renewRecords(records)
    case .absent:
      add("create records", [Detail("schema", Postern.schema)], for: .server, Postern.createRecords.sql)
    case .altered(let additions, _):
      fail(
        .server, "Postern's records, in the database postgres, have what is not Postern's: \(additions)",
        hint: Self.additionsHint)
      closeRecords(and: [])
    case .foreign(let owner):
      fail(
        .server,
        "the schema postern in the database postgres, or what is in there, belongs to \(owner.text), who is no superuser",
        hint:
          "if Postern made the schema, when \(owner.text) was a superuser: look at what is in it, plain tables, and, "
          + "in postgres, \(Self.ownership(of: Self.recordTables, to: observed.administrator)); otherwise rename it: the "
          + "records are made anew, and all roles then count as found, not as made by Postern")
      closeRecords(and: [])
    }
  }

  /// What to do about what is on the records.
  static let additionsHint =
    "it would act as the superuser who writes there: drop it (DROP TRIGGER … ON …, ALTER TABLE … DROP CONSTRAINT …), after "
    + "a look at where the records came from; until then nothing is written there"

  /// Tells what others had got on records, and has it taken back.
  mutating func tellIntruders(_ intruders: String, of item: Item, _ what: String) {
    warn(
      item, "what others have on \(what) is taken back: \(intruders)",
      hint:
        "whoever has such a right may have changed what is there, and could act as the superuser who writes it: see who gave it, "
        + "as by GRANT … ON ALL TABLES, or by default privileges (\\ddp in psql); triggers are disabled, foreign keys dropped"
    )
  }

  private static let recordTables = [
    "SCHEMA postern", "TABLE postern.managed_role", "TABLE postern.managed_membership", "TABLE postern.managed_grant",
    "TABLE IF EXISTS postern.known_failure",
  ]

  private mutating func renewRecords(_ records: Records) {
    var statements = records.isComplete ? [] : Postern.completeRecords
    if records.roles.contains(where: { $0.value.isRestored && observed.roles[$0.key] != nil }) {
      statements += Postern.renewRecords
    }
    closeRecords(and: statements)
  }

  private mutating func closeRecords(and renewal: [String]) {
    var statements = renewal
    if let intruders = observed.intruders {
      tellIntruders(intruders, of: .server, "Postern's records in the database postgres")
      statements += [Postern.unnoticed] + Postern.close
    }
    guard !statements.isEmpty else { return }
    add("renew records", [Detail("schema", Postern.schema)], for: .server, isBookkeeping: true, statements.sql)
  }

  /// Plans the declared users that must exist and that Postern already manages.
  mutating func planKnownRoles() {
    for user in spec.users where user.ensure == .present {
      guard renames.roles[user.name] == nil, !renames.held.contains(.user(user.name)) else { continue }
      guard let role = observed.roles[user.name], records.roles[user.name]?.isAbout(role) == true,
        userOfSecondLogin(user.name) == nil
      else { continue }
      planExisting(user, role)
    }
  }

  /// Plans the declared users that must exist.
  mutating func planRoles() {
    for user in spec.users where user.ensure == .present && !renames.held.contains(.user(user.name)) {
      if isNeededLogin(user.name) {
        failAsNeededLogin(user.name)
      } else if let role = observed.roles[user.name] {
        planTakeover(user.name, role)
        planExisting(user, role)
      } else {
        planNew(user)
      }
    }
  }

  /// Plans the superuser's own password.
  mutating func planAdministrator() {
    let administrator = observed.administrator
    if desired.adminPassword != nil, observed.roles[administrator]?.password == .differs {
      add(
        "set password", [Detail("name", administrator)], for: .user(administrator),
        [.setPassword(of: administrator)])
    }
  }

  private mutating func planNew(_ user: User) {
    let target = target(of: user, isSecond: false)
    var sql = "CREATE ROLE \(id(user.name)) \(target.canLogIn == false ? "NOLOGIN" : "LOGIN") NOSUPERUSER NOCREATEDB "
    sql += "NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT"
    if let limit = user.connectionLimit { sql += " CONNECTION LIMIT \(limit)" }
    if let validUntil = target.validUntil ?? user.validUntil {
      sql += " VALID UNTIL \(SQLText.literal(validUntil.text))"
    }
    var statements: [SQLStatement] = [.sql(sql)]
    if desired.passwords[user.name] != nil {
      statements.append(.setPassword(of: user.name))
    } else if target.canLogIn == true {
      warnOfMissingPassword(user.name)
    }
    statements += Postern.recordRole(user.name, isMade: true, customer: spec.customer).sql
    add("create role", [Detail("name", user.name)], for: .user(user.name), requires: [.server], statements)
  }

  private mutating func warnOfMissingPassword(_ name: PostgresName) {
    warn(
      .user(name), "has no password yet, and cannot log in with one",
      hint: "its Secret is not in the volume yet; the password is set as soon as it is")
  }

  private mutating func planExisting(_ user: User, _ role: RoleState) {
    guard !role.isSuperuser else {
      return fail(
        .user(user.name), "is a superuser of this server, and superusers are not managed",
        hint: "declare a user of another name")
    }
    let record = records.roles[user.name].flatMap { $0.isAbout(role) ? $0 : nil }
    if let customer = otherCustomer(of: user.name) {
      return fail(
        .user(user.name), "is the customer \(customer)'s on this server, and is left as it is",
        hint: "declare a user of another name, or let that customer give it up with removed-users: keep")
    }
    var changes: [Detail] = []
    var options = ""
    // A setting that is not declared gets its default if Postern created the role; otherwise it is left alone.
    var target = target(of: user, isSecond: false)
    if user.rotate == nil {
      // While there were two logins, Postern itself may have set an end, also of a role that it did not make.
      let isOurs = record?.isMade == true || !secondLogins(of: user.name).isEmpty
      target.validUntil = user.validUntil ?? (isOurs ? .infinity : nil)
    }
    let isLocked = change(role, to: target, &options, &changes)
    if let limit = user.connectionLimit ?? (record?.isMade == true ? -1 : nil), limit != role.connectionLimit {
      options += " CONNECTION LIMIT \(limit)"
      changes.append(Detail("connectionLimit", "\(limit)"))
    }
    if isWithoutInheritance(user, role, isMade: record?.isMade == true) {
      options += " INHERIT"
      changes.append(Detail("inherit", "true"))
    }
    if target.canLogIn == true {
      tellOfClosed(user, role, validUntil: target.validUntil, isMade: record?.isMade == true)
    }
    var statements: [SQLStatement] = options.utf8.isEmpty ? [] : [.sql("ALTER ROLE \(id(user.name))\(options)")]
    let isPasswordNew = desired.passwords[user.name] != nil && role.password == .differs
    if isPasswordNew {
      statements.append(.setPassword(of: user.name))
      changes.append(Detail("password", "changed"))
    }
    if desired.passwords[user.name] == nil, !role.hasPassword, target.canLogIn == true {
      warnOfMissingPassword(user.name)
    }
    if record == nil {
      statements += Postern.recordRole(user.name, isMade: false, customer: spec.customer).sql
    } else if record?.customer == nil, records.isComplete {
      claim(user.name)
    }
    guard !statements.isEmpty else { return }
    let endsSessions = (isPasswordNew || isLocked) && spec.passwordChange == .endSessions
    if endsSessions { statements = Self.endingSessions(of: user.name, statements) }
    add(
      record == nil ? "adopt role" : "alter role", [Detail("name", user.name)] + changes, for: .user(user.name),
      requires: [.server], statements)
    if endsSessions { endSessions(of: user.name, because: isLocked ? "locked" : "password changed") }
  }

  /// Tells what of a role that was found, and is not declared, keeps its user from logging in.
  private mutating func tellOfClosed(_ user: User, _ role: RoleState, validUntil: Expiry?, isMade: Bool) {
    if user.connectionLimit == nil, !isMade, role.connectionLimit == 0 {
      warn(
        .user(user.name), "may have no session: its connection limit is 0, as this role was found",
        hint: "declare a connectionLimit, where that is not meant")
    }
    if validUntil == nil, case .time(let end) = role.validUntil, end.microseconds <= observed.now.microseconds {
      warn(
        .user(user.name), "has a password that was good until \(role.validUntil.text) only, as this role was found",
        hint: "declare a validUntil, such as infinity, where that is not meant")
    }
  }

  /// The other customer of this server that declared a role, if there is one.
  func otherCustomer(of name: PostgresName) -> String? { observed.otherCustomer(than: spec.customer, of: name) }

  private mutating func claim(_ name: PostgresName) {
    add(
      "note customer", [Detail("name", name)], for: .user(name), requires: [.server], isBookkeeping: true,
      Postern.claimRole(name, customer: spec.customer).sql)
  }

  /// Ends a role's sessions: asks all to end, then waits up to five seconds for each.
  mutating func endSessions(of role: PostgresName, because reason: String, for item: Item? = nil) {
    addAlone(
      "end sessions", [Detail("name", role), Detail("reason", reason)], for: item ?? .user(role),
      Self.endSessions(of: role))
  }

  /// Changes of a role after which it has no session that began before. Once its sessions end together with the changes,
  /// because after a restart nothing is left to change; and once after them, by a step of their own, for sessions that
  /// began in between.
  static func endingSessions(of role: PostgresName, _ changes: [SQLStatement]) -> [SQLStatement] {
    takeHold(of: role, whoeverHoldsIt: false).sql + changes + [.sql(endSessions(of: role))]
  }

  /// Keeps others from changing a role until the transaction ends. Who changes a role, as each may its own password, keeps
  /// others from that, maybe to stay: so where somebody does who is no superuser, that session is told to end, and the role's
  /// own. Nothing goes between that and the wait for the role, so that no new session comes first.
  ///
  /// Who has changed a row is its `xmax`; but a savepoint's number has no lock any more when it was released. Then it is one
  /// who may act as the role and has changed some role.
  /// - Parameter whoeverHoldsIt: the role's own sessions are told to end also where nobody, or a superuser, holds it.
  static func takeHold(of role: PostgresName, whoeverHoldsIt: Bool) -> [String] {
    [
      """
      SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a CROSS JOIN (\
      SELECT array_agg(h.pid) AS pids FROM pg_authid r CROSS JOIN pg_locks l JOIN pg_stat_activity h ON h.pid = l.pid \
      JOIN pg_authid s ON s.oid = h.usesysid AND NOT s.rolsuper WHERE r.rolname = \(lit(role)) AND l.granted AND (\
      l.transactionid = r.xmax OR l.relation = 'pg_authid'::regclass AND l.mode = 'RowExclusiveLock' \
      AND r.xmax::text <> '0' AND pg_has_role(s.oid, r.oid, 'MEMBER'))) AS holder WHERE a.pid = ANY (holder.pids) OR \
      a.usename = \(lit(role))\(whoeverHoldsIt ? "" : " AND holder.pids IS NOT NULL")
      """,
      "SELECT FROM pg_authid WHERE rolname = \(lit(role)) FOR UPDATE",
    ]
  }

  static func endSessions(of role: PostgresName) -> String {
    // The call is in an aggregate's argument, which is computed only for the rows that WHERE leaves. Beside the
    // condition in WHERE it might be computed for all rows.
    """
    SELECT pg_terminate_backend(pid, 5000) FROM unnest((\
    SELECT array_agg(CASE WHEN pg_terminate_backend(pid) THEN pid END) FROM pg_stat_activity \
    WHERE usename = \(lit(role)))) AS ended(pid)
    """
  }
}

extension [String] {
  /// The texts as statements.
  var sql: [SQLStatement] { map { .sql($0) } }
}
