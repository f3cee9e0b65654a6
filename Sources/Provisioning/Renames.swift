import DatabaseSpec

/// What `renamedFrom` asks for on this server: roles and databases that are there under their old names alone. A rename
/// that is done leaves nothing to do, so the declaration may keep it.
struct Renames {
  /// The old name of each role that is to be renamed, by its new name.
  private(set) var roles: [PostgresName: PostgresName] = [:]
  /// The old and the new name of the second login of each of these users, by the user's new name.
  private(set) var seconds: [PostgresName: (before: PostgresName, after: PostgresName)] = [:]
  /// The old name of each database that is to be renamed, by its new name.
  private(set) var databases: [PostgresName: PostgresName] = [:]
  /// Why others cannot be renamed. Nothing is done with these, under either name.
  private(set) var problems: [PlanProblem] = []
  /// The declared users and databases that cannot be renamed.
  private(set) var held: Set<Item> = []
  /// The old names of these users.
  private(set) var heldRoles: Set<PostgresName> = []
  /// The old names of these databases.
  private(set) var heldDatabases: Set<PostgresName> = []

  init(_ spec: InstanceSpec, _ observed: ObservedState) {
    let users = Set(spec.users.map({ $0.name }))
    for user in spec.users where user.ensure == .present {
      guard let old = user.renamedFrom, let role = observed.roles[old] else { continue }
      // The second login of a declared user may be in use, also after `rotate` was taken out.
      let isSecond = observed.records.records.roles[old]?.loginOf.map { users.contains($0) } ?? false
      let isFree = !users.contains(old) && !roles.values.contains(old) && !isSecond
      if !Self.isDone(user.name, old, role, spec.customer, observed) {
        settle(
          user.name, old, .user(user.name), observed,
          Self.obstacle(old, role, spec.customer, observed, isFree: isFree, isTaken: observed.roles[user.name] != nil)
            ?? Self.obstacleOfSecond(old, user, observed))
      }
    }
    let names = Set(spec.databases.map({ $0.name }))
    for database in spec.databases {
      guard let old = database.renamedFrom, let state = observed.databases[old] else { continue }
      let item = Item.database(database.name)
      let other = observed.otherCustomer(than: spec.customer, of: state.owner)
      let isTaken = observed.databases[database.name] != nil
      // After a rename, another customer may have made one of the old name.
      if isTaken, other != nil { continue }
      heldDatabases.insert(old)
      if isTaken {
        hold(item, Self.both(old))
      } else if names.contains(old) || databases.values.contains(old) {
        hold(item, Self.declared(old))
      } else if state.isDropInterrupted {
        hold(
          item,
          ("cannot be renamed: a DROP DATABASE of \(old.text) was interrupted", "finish it: DROP DATABASE \(id(old))"))
      } else if let other {
        hold(item, Self.foreign(old, other))
      } else {
        heldDatabases.remove(old)
        databases[database.name] = old
      }
    }
  }

  var isEmpty: Bool { roles.isEmpty && databases.isEmpty }

  private mutating func settle(
    _ new: PostgresName, _ old: PostgresName, _ item: Item, _ observed: ObservedState,
    _ obstacle: (message: String, hint: String)?
  ) {
    guard let obstacle else {
      roles[new] = old
      noteSecond(of: new, old, observed)
      return
    }
    hold(item, obstacle)
    heldRoles.insert(old)
  }

  /// The second login goes along, if its new name is free.
  private mutating func noteSecond(of new: PostgresName, _ old: PostgresName, _ observed: ObservedState) {
    guard let before = Self.secondLogin(of: old, observed), let after = new.secondLogin, observed.roles[after] == nil
    else { return }
    seconds[new] = (before, after)
  }

  /// The second login that Postern made for a role.
  private static func secondLogin(of user: PostgresName, _ observed: ObservedState) -> PostgresName? {
    guard let second = user.secondLogin, let role = observed.roles[second], !role.isSuperuser,
      let record = observed.records.records.roles[second], record.loginOf == user, record.isAbout(role)
    else { return nil }
    return second
  }

  /// The user's Secret may name the second login by its new name.
  private static func obstacleOfSecond(
    _ old: PostgresName, _ user: User, _ observed: ObservedState
  ) -> (message: String, hint: String)? {
    guard user.rotate != nil, secondLogin(of: old, observed) != nil, let after = user.name.secondLogin,
      observed.roles[after] != nil
    else { return nil }
    return (
      "cannot be renamed from \(old.text): the new name of its second login, \(after.text), is another role's",
      "rename or drop that role, or choose another name for the user"
    )
  }

  private mutating func hold(_ item: Item, _ obstacle: (message: String, hint: String)) {
    held.insert(item)
    problems.append(PlanProblem(item: item, message: obstacle.message, hint: obstacle.hint, isFailure: true))
  }

  /// Whether Postern manages the new role, and the old one is not its own: somebody has made another of that name since.
  private static func isDone(
    _ new: PostgresName, _ old: PostgresName, _ role: RoleState, _ customer: String, _ observed: ObservedState
  ) -> Bool {
    let records = observed.records.records.roles
    guard let present = observed.roles[new], records[new]?.isAbout(present) == true else { return false }
    return records[old]?.isAbout(role) != true || observed.otherCustomer(than: customer, of: old) != nil
  }

  private static func obstacle(
    _ old: PostgresName, _ role: RoleState, _ customer: String, _ observed: ObservedState, isFree: Bool, isTaken: Bool
  ) -> (message: String, hint: String)? {
    if isTaken { return both(old) }
    if !isFree { return declared(old) }
    if role.isSuperuser {
      return ("cannot be renamed from \(old.text), who is a superuser", "take renamedFrom out of the declaration")
    }
    return observed.otherCustomer(than: customer, of: old).map { foreign(old, $0) }
  }

  private static func both(_ old: PostgresName) -> (message: String, hint: String) {
    (
      "is to be renamed from \(old.text), and both are on this server: nothing is done with either",
      "drop or rename one of them by hand, or take renamedFrom out of the declaration"
    )
  }

  private static func declared(_ old: PostgresName) -> (message: String, hint: String) {
    ("cannot be renamed from \(old.text), which is declared, or renamed, elsewhere", "declare it once, by its new name")
  }

  private static func foreign(_ old: PostgresName, _ customer: String) -> (message: String, hint: String) {
    (
      "cannot be renamed from \(old.text), which is the customer \(customer)'s on this server",
      "take renamedFrom out of the declaration"
    )
  }
}

extension Renames {
  /// The state as it is when the renames are done. What is in databases was read with the old names, so it counts as
  /// not known: the next round reads it again.
  func done(in observed: ObservedState) -> ObservedState {
    guard !isEmpty else { return observed }
    var newRoles = roles.reduce(into: [PostgresName: PostgresName]()) { $0[$1.value] = $1.key }
    for (before, after) in seconds.values { newRoles[before] = after }
    let newDatabases = databases.reduce(into: [PostgresName: PostgresName]()) { $0[$1.value] = $1.key }
    func role(_ name: PostgresName) -> PostgresName { newRoles[name] ?? name }
    func database(_ name: PostgresName) -> PostgresName { newDatabases[name] ?? name }
    var state = observed
    state.roles = [:]
    for (name, old) in observed.roles {
      var new = old
      new.settings = Set(
        old.settings.map { setting in
          var setting = newRoles[name] == nil ? setting : Self.renamed(setting, newRoles)
          setting.database = setting.database.map { database($0) }
          return setting
        })
      new.memberships = Set(old.memberships.map { role($0) })
      new.limitedMemberships = Set(old.limitedMemberships.map { role($0) })
      new.passedOn = [:]
      for (group, others) in old.passedOn { new.passedOn[role(group)] = Set(others.map { role($0) }) }
      for index in new.dependencies.indices {
        new.dependencies[index].database = database(old.dependencies[index].database)
      }
      for index in new.holdings.indices {
        new.holdings[index].database = old.holdings[index].database.map { database($0) }
      }
      state.roles[role(name)] = new
    }
    state.databases = [:]
    for (name, old) in observed.databases {
      var new = old
      new.owner = role(old.owner)
      new.connectors = Set(old.connectors.map { role($0) })
      new.publicGrantors = Set(old.publicGrantors.map { role($0) })
      if !roles.isEmpty || newDatabases[name] != nil { new.contents = nil }
      state.databases[database(name)] = new
    }
    guard case .present(let old) = observed.records else { return state }
    state.records = .present(done(in: old, role, database))
    return state
  }

  private func done(
    in old: Records, _ role: (PostgresName) -> PostgresName, _ database: (PostgresName) -> PostgresName
  ) -> Records {
    var records = old
    (records.roles, records.memberships, records.grants) = ([:], [:], [:])
    // What is recorded under a new name is about a role or database that is gone.
    let afters = seconds.values.map({ $0.after })
    for (name, record) in old.roles where roles[name] == nil && !afters.contains(name) {
      var record = record
      record.loginOf = record.loginOf.map { role($0) }
      records.roles[role(name)] = record
    }
    for (member, groups) in old.memberships where roles[member] == nil {
      records.memberships[role(member)] = Set(groups.filter { roles[$0] == nil }.map { role($0) })
    }
    for (user, grants) in old.grants where roles[user] == nil {
      for (name, level) in grants where databases[name] == nil {
        records.grants[role(user), default: [:]][database(name)] = level
      }
    }
    return records
  }

  /// The step that renames a second login also sets whom it becomes.
  private static func renamed(_ setting: RoleSetting, _ names: [PostgresName: PostgresName]) -> RoleSetting {
    guard setting.database == nil, setting.isOf("role"),
      let new = names.first(where: { $0.key.text.utf8.elementsEqual(setting.value.utf8) })?.value
    else { return setting }
    return RoleSetting(name: setting.name, value: new.text)
  }
}
