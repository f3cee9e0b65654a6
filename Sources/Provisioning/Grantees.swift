public import DatabaseSpec

/// Whom grants are about in each database, by the declaration and by what was recorded: few of all users.
public struct Grantees {
  private var users: [PostgresName: [User]] = [:]
  /// The databases that grants to them were recorded for.
  public private(set) var recordedDatabases: Set<PostgresName> = []

  /// The declared users that are to be there.
  public init(_ spec: InstanceSpec, _ records: Records) {
    for user in spec.users where user.ensure == .present {
      let recorded = records.grants[user.name] ?? [:]
      guard !user.grants.isEmpty || !recorded.isEmpty else { continue }
      recordedDatabases.formUnion(recorded.keys)
      for database in Set(user.grants.map({ $0.database })).union(recorded.keys) {
        users[database, default: []].append(user)
      }
    }
  }

  /// Those of one database, in the order of the declaration.
  public subscript(database: PostgresName) -> [User] { users[database] ?? [] }
}
