import Contract
import DatabaseSpec

/// The users that are known when references to them are checked.
private struct KnownUsers {
  /// In the order of the declaration.
  var present: [PostgresName] = []
  var isPresent = SmallSet<PostgresName>()
  var absent: Set<PostgresName> = []
  /// Users of whom it is not known whether they must be absent.
  var unsure: Set<PostgresName> = []
  /// Names that may be declared in what could not be read.
  let doubts: Doubts

  init(_ users: DeclaredList<DeclaredUser>) {
    doubts = users.doubts
    for user in users.elements {
      guard let name = user.name?.value else { continue }
      switch user.ensure {
      case .present?: if isPresent.insert(name) { present.append(name) }
      case .absent?: absent.insert(name)
      case nil: unsure.insert(name)
      }
    }
  }

  /// Whether there may be unknown users besides those of the flat file.
  var mayHaveMore: Bool { doubts.entries > 0 || !unsure.allSatisfy(isPresent.contains) }
}

extension DeclarationReader {
  /// Checks the references between users and databases, and writes both into the declaration.
  mutating func resolve(
    users: DeclaredList<DeclaredUser>, databases: DeclaredList<DeclaredDatabase>, into declaration: inout Declaration
  ) {
    let known = KnownUsers(users)
    let hasGrants = users.elements.contains { !$0.grants.isEmpty }
    if hasGrants { checkGrants(users, databases) }
    checkMemberships(users, known)
    checkRenames(users.elements.map { ($0.name, $0.renamedFrom) }, of: "user")
    checkRotations(users.elements, declaration)
    checkRenames(databases.elements.map { ($0.name, $0.renamedFrom) }, of: "database")
    let owners = hasGrants ? ownersByGrant(users, databases) : [:]
    var names: Set<PostgresName> = []
    for database in databases.elements {
      for schema in database.schemas {
        if let owner = schema.owner { checkOwner(owner, of: "a schema", known) }
      }
      let isFirst = !databases.hasDuplicates || database.name.map { names.insert($0.value).inserted } ?? true
      let owner = owner(of: database, isFirst: isFirst, byGrant: owners, known)
      guard let name = database.name?.value, let owner else { continue }
      declaration.spec.databases.append(
        Database(
          name: name, owner: owner, extensions: database.extensions,
          schemas: database.schemas.compactMap { schema in
            schema.name.map { Schema(name: $0.value, owner: schema.owner?.value) }
          },
          encoding: database.encoding, locale: database.locale, template: database.template,
          connectionLimit: database.connectionLimit, scripts: database.scripts,
          renamedFrom: database.renamedFrom?.value))
    }
    let owned =
      hasGrants
      ? Dictionary(grouping: declaration.spec.databases, by: \.owner).mapValues { Set($0.map(\.name)) } : [:]
    for user in users.elements {
      guard let name = user.name?.value else { continue }
      declaration.spec.users.append(
        User(
          name: name, ensure: user.ensure ?? .present, grants: grants(of: user, name, owned: owned[name] ?? []),
          connectionLimit: user.connectionLimit, validUntil: user.validUntil, memberOf: user.memberOf.map(\.value),
          renamedFrom: user.renamedFrom?.value, rotate: user.rotate?.value))
      if let source = user.passwordFrom { declaration.passwordSources[name] = source }
    }
  }

  // MARK: Grants

  private mutating func checkGrants(
    _ users: DeclaredList<DeclaredUser>, _ databases: DeclaredList<DeclaredDatabase>
  ) {
    let declared = Set(databases.elements.compactMap { $0.name?.value })
    let names = databases.elements.lazy.compactMap { $0.name?.value.text }
    for user in users.elements {
      for (database, level) in user.grants where !declared.contains(database.value) {
        let mayBeOfFlatFile = hasFlatFile && Declaration.flatFileUser(of: database.value) != nil
        guard !mayBeOfFlatFile || level == .owner else { continue }
        reportUnknown(
          database, "no database \(quoted(database.value.text)) is declared in \(AnnotationKey.databases)",
          among: names, databases.doubts, otherwise: "declare it there, or remove the grant")
      }
    }
  }

  /// Reports a reference to something that does not exist, unless it may be declared in what could not be read.
  private mutating func reportUnknown(
    _ name: Located<PostgresName>, _ reason: String, among names: some Sequence<String>, _ doubts: Doubts,
    otherwise hint: String
  ) {
    guard !doubts.isAnyName, !doubts.cover(name.value) else { return }
    // A name that is a slip is warned of, and is not to be repeated.
    let suggestion =
      Suggestion.didYouMean(name.value.text, among: names.lazy.filter { NameSlip($0) == nil })
      ?? Suggestion.nearest(to: name.value.text, among: names).map { "see the warning of \(quoted($0)) there" }
    problems.error(name.place, reason, hint: suggestion ?? hint)
  }

  /// The only user that a grant makes the owner, by database.
  private mutating func ownersByGrant(
    _ users: DeclaredList<DeclaredUser>, _ databases: DeclaredList<DeclaredDatabase>
  ) -> [PostgresName: PostgresName] {
    var owners: [PostgresName: (user: PostgresName, place: Place)] = [:]
    let declaredOwners = databases.elements.reduce(into: [PostgresName: Located<PostgresName>]()) {
      if let name = $1.name?.value, let owner = $1.owner { $0[name] = owner }
    }
    for user in users.elements where user.ensure != .absent {
      for (database, level) in user.grants where level != .write && level != .read {
        guard level == .owner, let owning = user.name?.value, user.ensure == .present else {
          mayBeOwned.add([database.value.text])
          continue
        }
        if let owner = declaredOwners[database.value], owner.value != owning {
          problems.error(
            database.place,
            "\(quoted(owning.text)) cannot own \(quoted(database.value.text)): \(AnnotationKey.databases)\(owner.place.short) says "
              + "owner: \(quoted(owner.value.text))",
            hint: "grant write instead, or change the owner there")
        } else if let other = owners[database.value], other.user != owning {
          problems.error(
            database.place,
            "\(quoted(owning.text)) cannot own \(quoted(database.value.text)): \(quoted(other.user.text)) owns it already, by "
              + other.place.short,
            hint: "a database has one owner; grant write to the others, or make them memberOf it")
        } else {
          owners[database.value] = (owning, database.place)
        }
      }
    }
    return owners.mapValues(\.user)
  }

  /// The user's grants, without those of an owner, who needs none.
  private mutating func grants(of user: DeclaredUser, _ name: PostgresName, owned: Set<PostgresName>) -> [Grant] {
    var grants: [Grant] = []
    for (database, declared) in user.grants {
      let level: Grant.Level
      switch declared {
      case .owner?, nil: continue
      case .write?: level = .write
      case .read?: level = .read
      }
      guard !owned.contains(database.value) else {
        problems.warn(
          database.place,
          "\(quoted(name.text)) owns the database \(quoted(database.value.text)): the grant adds nothing",
          hint: "remove it")
        continue
      }
      grants.append(Grant(database: database.value, level: level))
    }
    return grants
  }

  // MARK: Owners

  /// The declared owner, from the database or a grant; else, with a flat file, the user of `<user>_db`; else the only
  /// user. Nil where there is none, and where the owner follows from a reported error. `isFirst` says whether no
  /// earlier database has this name.
  private mutating func owner(
    of database: DeclaredDatabase, isFirst: Bool, byGrant: [PostgresName: PostgresName], _ known: KnownUsers
  ) -> PostgresName? {
    if let owner = database.owner {
      checkOwner(owner, of: "a database", known)
      return owner.value
    }
    guard let named = database.name, isFirst, !database.saysOwner else { return nil }
    if let owner = byGrant[named.value] { return owner }
    if hasFlatFile, let user = Declaration.flatFileUser(of: named.value), user.reservedAsRole == nil {
      checkOwner(Located(value: user, place: named.place), of: "a database", known)
      return user
    }
    if !hasFlatFile, known.present.count == 1, !known.mayHaveMore { return known.present[0] }
    guard !mayBeOwned.cover(named.value) else { return nil }
    guard hasFlatFile || known.present.count > 1 || !known.mayHaveMore else { return nil }
    let name = quoted(named.value.text)
    let problem: (reason: String, hint: String) =
      if hasFlatFile {
        (
          "\(name) has no owner, and \(AnnotationKey.usersFrom) may hold any number of users",
          "write {name: \(name), owner: USER}"
        )
      } else if known.present.isEmpty {
        ("\(name) has no owner, and no user is declared", "declare one in \(AnnotationKey.users)")
      } else {
        (
          "\(name) has no owner, and \(known.present.count) users are declared",
          "write {name: \(name), owner: USER}, with one of "
            + known.present.prefix(5).map { quoted($0.text) }.joined(separator: ", ")
        )
      }
    problems.error(named.place, problem.reason, hint: problem.hint)
    return nil
  }

  private mutating func checkOwner(_ owner: Located<PostgresName>, of what: String, _ known: KnownUsers) {
    if let reason = owner.value.reservedAsRole {
      problems.error(
        owner.place, "\(quoted(owner.value.text)) cannot own \(what): \(reason)", hint: "name a declared user")
    } else {
      checkUser(owner, cannot: "own \(what)", known)
    }
  }

  private mutating func checkUser(
    _ user: Located<PostgresName>, cannot verb: @autoclosure () -> String, _ known: KnownUsers
  ) {
    guard !known.isPresent.contains(user.value), !known.unsure.contains(user.value) else { return }
    let name = quoted(user.value.text)
    if known.absent.contains(user.value) {
      problems.error(
        user.place, "\(name) cannot \(verb()): it is declared with ensure: absent in \(AnnotationKey.users)",
        hint: "name a user that is present")
    } else if !hasFlatFile {
      reportUnknown(
        user, "no user \(name) is declared in \(AnnotationKey.users)", among: known.present.lazy.map(\.text),
        known.doubts, otherwise: "declare it there")
    }
  }

  // MARK: Memberships

  private mutating func checkMemberships(_ users: DeclaredList<DeclaredUser>, _ known: KnownUsers) {
    for user in users.elements {
      for role in user.memberOf { checkMembership(role, known) }
    }
    checkCycles(users.elements)
  }

  private mutating func checkMembership(_ role: Located<PostgresName>, _ known: KnownUsers) {
    let name = quoted(role.value.text)
    guard role.value.text.utf8.starts(with: "pg_".utf8) else {
      if let reason = role.value.reservedAsRole {
        problems.error(
          role.place, "no user can be a member of \(name): \(reason)",
          hint: "name a declared user, or a predefined role such as pg_monitor")
      } else {
        checkUser(role, cannot: "have members", known)
      }
      return
    }
    if let reason = PredefinedRole.refused[role.value.text] {
      problems.error(role.place, "no user can be a member of \(name): \(reason)", hint: "remove it")
    } else if let reason = PredefinedRole.refusedWhereNew[role.value.text] {
      problems.restrict(
        role.place, "no user can be a member of \(name): \(reason)", hint: "grant read on the databases instead")
    } else if let effect = PredefinedRole.opening[role.value.text] {
      problems.warn(role.place, "\(name) reaches beyond the user's databases: \(effect)")
    } else if !PredefinedRole.known.contains(role.value.text) {
      problems.warn(
        role.place, "\(name) is no predefined role of PostgreSQL 15 to 18",
        hint: Suggestion.hint(role.value.text, among: PredefinedRole.known))
    }
  }

  /// Refuses cycles of memberships, with one error for each cycle.
  private mutating func checkCycles(_ users: [DeclaredUser]) {
    guard users.contains(where: { !$0.memberOf.isEmpty }) else { return }
    let groups = users.reduce(into: [PostgresName: [Located<PostgresName>]]()) { groups, user in
      if user.ensure != .absent, let name = user.name?.value { groups[name] = user.memberOf }
    }
    var done: Set<PostgresName> = []
    for case let name? in users.lazy.map({ $0.name?.value }) where !done.contains(name) {
      // Depth-first, with an explicit stack, because there may be many users.
      var path = [(name: name, next: 0)]
      var places = [name: 0]
      while let (name, next) = path.last {
        guard let roles = groups[name], next < roles.count else {
          path.removeLast()
          places[name] = nil
          done.insert(name)
          continue
        }
        path[path.count - 1].next += 1
        let role = roles[next]
        if let place = places[role.value] {
          problems.error(
            role.place, "these users are members of each other: \(Self.circle(path[place...]))",
            hint: "remove one of these memberships")
        } else if groups[role.value] != nil, !done.contains(role.value) {
          places[role.value] = path.count
          path.append((role.value, 0))
        }
      }
    }
  }

  /// The users of a cycle; of a large one, the first and the last.
  private static func circle(_ path: ArraySlice<(name: PostgresName, next: Int)>) -> String {
    let isShort = path.count <= 8
    var texts = (isShort ? path : path.prefix(4) + path.suffix(3)).map { quoted($0.name.text) }
    if !isShort { texts.insert("\(path.count - 7) more", at: 4) }
    return (texts + texts.prefix(1)).joined(separator: " → ")
  }
}
