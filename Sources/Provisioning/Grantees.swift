package import DatabaseSpec

/// The users with grants in each database, declared or recorded. They are few of all users.
package struct Grantees {
  private var users: [PostgresName: [User]] = [:]
  /// The databases in which grants were recorded.
  package private(set) var recordedDatabases: Set<PostgresName> = []
  /// The declared users that are direct members of a role.
  private var members: [PostgresName: [PostgresName]] = [:]

  /// The declared users that must exist.
  package init(_ spec: InstanceSpec, _ records: Records) {
    for user in spec.users where user.ensure == .present {
      for role in user.memberOf { members[role, default: []].append(user.name) }
      let recorded = records.grants[user.name] ?? [:]
      guard !user.grants.isEmpty || !recorded.isEmpty else { continue }
      recordedDatabases.formUnion(recorded.keys)
      for database in Set(user.grants.map({ $0.database })).union(recorded.keys) {
        users[database, default: []].append(user)
      }
    }
  }

  /// The users with grants in one database, in the order of the declaration.
  package subscript(database: PostgresName) -> [User] { users[database] ?? [] }

  /// The roles to whose objects a grant on a database applies: its owner, the owners of its declared schemas, and the
  /// members of its owner, who may create objects there as well.
  package func makers(of database: Database) -> [Maker] {
    var makers = [Maker(name: database.owner, isMember: false)]
    for case let owner? in database.schemas.map({ $0.owner }) where !makers.contains(where: { $0.name == owner }) {
      makers.append(Maker(name: owner, isMember: false))
    }
    var open = [database.owner]
    var seen: Set = [database.owner]
    while let role = open.popLast() {
      for member in members[role] ?? [] where seen.insert(member).inserted {
        open.append(member)
        if let index = makers.firstIndex(where: { $0.name == member }) {
          makers[index].isMember = true
        } else {
          makers.append(Maker(name: member, isMember: true))
        }
      }
    }
    return makers
  }

  /// The roles on whose objects Postern may have granted something in a database, now or before: those of ``makers(of:)``,
  /// and those that were such roles, which are recorded, or own the database still.
  /// - Parameter declared: the database's declaration; nil where it is no longer declared.
  package func givers(
    in database: PostgresName, declared: Database?, customer: String, _ state: ObservedState
  ) -> [PostgresName] {
    var givers = Set(declared.map { makers(of: $0).map({ $0.name }) } ?? [])
    if let owner = state.databases[database]?.owner { givers.insert(owner) }
    for (name, record) in state.records.records.roles where record.customer?.utf8.elementsEqual(customer.utf8) ?? true {
      givers.insert(name)
    }
    return givers.sorted()
  }
}

/// A role that creates objects in a database.
package struct Maker: Equatable, Sendable {
  package var name: PostgresName
  /// Whether it is a member of the database's owner, who must be able to use its objects; otherwise it is an owner.
  package var isMember: Bool
}
