package import DatabaseSpec

/// Whom grants are about in each database, by the declaration and by what was recorded: few of all users.
package struct Grantees {
  private var users: [PostgresName: [User]] = [:]
  /// The databases that grants to them were recorded for.
  package private(set) var recordedDatabases: Set<PostgresName> = []
  /// The declared users that are members of a role, at first hand.
  private var members: [PostgresName: [PostgresName]] = [:]

  /// The declared users that are to be there.
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

  /// Those of one database, in the order of the declaration.
  package subscript(database: PostgresName) -> [User] { users[database] ?? [] }

  /// The roles whose objects a grant on a database is about: its owner, the owners of its declared schemas, and the
  /// members of its owner, who may make things there as well.
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
}

/// A role that makes things in a database.
package struct Maker: Equatable, Sendable {
  package var name: PostgresName
  /// Whether it is a member of the database's owner, who is to use what it makes, rather than an owner.
  package var isMember: Bool
}
