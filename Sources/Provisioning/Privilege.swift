package import DatabaseSpec

/// A kind of object that privileges are granted on, by its letter in `pg_default_acl.defaclobjtype`.
package enum ObjectKind: String, CaseIterable, Sendable {
  case schema = "n"
  case table = "r"
  case sequence = "S"
  case function = "f"

  /// The word after GRANT … ON.
  package var singular: String {
    switch self {
    case .schema: "SCHEMA"
    case .table: "TABLE"
    case .sequence: "SEQUENCE"
    case .function: "ROUTINE"
    }
  }

  /// The word after ALTER DEFAULT PRIVILEGES GRANT … ON.
  package var plural: String {
    switch self {
    case .schema: "SCHEMAS"
    case .table: "TABLES"
    case .sequence: "SEQUENCES"
    case .function: "ROUTINES"
    }
  }
}

extension Grant.Level {
  /// The privileges of this level on objects of a kind (PostgreSQL docs §5.8). From version 17 on, users who may write
  /// may also ANALYZE and VACUUM the tables.
  package func privileges(on kind: ObjectKind, serverVersion: Int) -> [String] {
    switch (kind, self) {
    case (.schema, _): ["USAGE"]
    case (.function, _): ["EXECUTE"]
    case (.table, .read), (.sequence, .read): ["SELECT"]
    case (.table, .write):
      ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"] + (serverVersion >= 170_000 ? ["MAINTAIN"] : [])
    case (.sequence, .write): ["SELECT", "USAGE"]
    }
  }
}

/// A privilege that a user must have, or must no longer have, on every object of a kind in a database.
package struct PrivilegeRequest: Equatable, Sendable {
  /// The user.
  package var role: PostgresName
  /// The objects.
  package var kind: ObjectKind
  /// The privilege, as GRANT names it.
  package var privilege: String
  /// Whether the user must have it; otherwise the user must lose it.
  package var isWanted: Bool
  /// Whether it applies only to objects that members of the database's owner created. Then the user is the owner.
  package var isOfMembersOnly = false
  /// Whether it is about EXECUTE of a user who may only read, and would write by routines that run with their owner's
  /// rights. Where it is wanted it leaves these out; default privileges, which cannot, do not give it. Where it is
  /// unwanted it is about these alone.
  package var isSafe = false
}

/// A difference between a user's privileges and what was asked for.
package struct PrivilegeGap: Equatable, Sendable {
  /// The object or objects that the privileges are on.
  package enum Target: Equatable, Sendable {
    /// An object, as its SQL name: qualified and quoted, a function with its argument types.
    case object(String)
    /// Objects that a role creates from now on: the role, as SQL names it, and IN SCHEMA, where it is about one schema.
    case future(of: String)
  }

  /// The user.
  package var role: PostgresName
  /// The kind of the object or objects.
  package var kind: ObjectKind
  /// What the privileges are on.
  package var target: Target
  /// The privileges, in the order of ``Grant/Level/privileges(on:)``.
  package var privileges: [String]
  /// Whether they are missing; otherwise they are in excess.
  package var isMissing: Bool

  /// A gap with these values.
  package init(role: PostgresName, kind: ObjectKind, target: Target, privileges: [String], isMissing: Bool) {
    self.role = role
    self.kind = kind
    self.target = target
    self.privileges = privileges
    self.isMissing = isMissing
  }
}

extension Grantees {
  /// The privileges that declared users must have in a database, and those that must be revoked because they were
  /// granted before. The database's owner has no grants, but may use the objects that its members create.
  /// - Parameter declared: the database's declaration; nil where it is no longer declared.
  package func privilegeRequests(
    in database: PostgresName, declared: Database?, records: Records, serverVersion: Int
  ) -> [PrivilegeRequest] {
    var requests: [PrivilegeRequest] = []
    for user in self[database] {
      let level = user.name == declared?.owner ? nil : user.level(on: database)
      let before = records.grants[user.name]?[database]
      for kind in ObjectKind.allCases {
        let wanted = level?.privileges(on: kind, serverVersion: serverVersion) ?? []
        let unwanted = (before?.privileges(on: kind, serverVersion: serverVersion) ?? []).filter {
          !wanted.contains($0)
        }
        let isSafe = kind == .function && level == .read
        requests += wanted.map { .init(role: user.name, kind: kind, privilege: $0, isWanted: true, isSafe: isSafe) }
        requests += unwanted.map { .init(role: user.name, kind: kind, privilege: $0, isWanted: false) }
        if isSafe, before == .write {
          requests += wanted.map { .init(role: user.name, kind: kind, privilege: $0, isWanted: false, isSafe: true) }
        }
      }
    }
    guard let declared, makers(of: declared).contains(where: { $0.isMember }) else { return requests }
    for kind in ObjectKind.allCases {
      requests += Grant.Level.write.privileges(on: kind, serverVersion: serverVersion).map {
        .init(role: declared.owner, kind: kind, privilege: $0, isWanted: true, isOfMembersOnly: true)
      }
    }
    return requests
  }
}

extension User {
  /// The level that is granted to the user on a database; nil where there is no grant.
  package func level(on database: PostgresName) -> Grant.Level? {
    grants.first { $0.database == database }?.level
  }
}
