/// A role that may log in. Its password is not part of the spec.
package struct User: Equatable, Sendable {
  /// Whether it is to be there.
  package enum Ensure: String, CaseIterable, Sendable {
    case present
    /// What it owns goes to the database's owner, then the role is dropped.
    case absent
  }

  /// Its name in Postgres.
  package var name: PostgresName
  /// Whether it is to be there.
  package var ensure: Ensure
  /// What it may do in databases that it does not own; no two for one database.
  package var grants: [Grant]
  /// How many sessions it may have at once; nil for any number.
  package var connectionLimit: Int?
  /// Until when its password is good; nil where nothing is declared: then a role that was there before keeps its own.
  package var validUntil: Expiry?
  /// Roles whose privileges it has: predefined ones (`pg_monitor`) or declared users.
  package var memberOf: [PostgresName]

  /// A user of these parts.
  package init(
    name: PostgresName, ensure: Ensure = .present, grants: [Grant] = [], connectionLimit: Int? = nil,
    validUntil: Expiry? = nil, memberOf: [PostgresName] = []
  ) {
    self.name = name
    self.ensure = ensure
    self.grants = grants
    self.connectionLimit = connectionLimit
    self.validUntil = validUntil
    self.memberOf = memberOf
  }
}

/// What a user may do in a database that another one owns. (`owner` in a declaration becomes ``Database/owner``.)
package struct Grant: Equatable, Sendable {
  /// How much.
  package enum Level: String, CaseIterable, Sendable {
    /// SELECT on all the owner's tables and sequences, EXECUTE on functions; new ones too.
    case read
    /// `read`, and INSERT, UPDATE, DELETE, TRUNCATE; USAGE on sequences; new ones too.
    case write
  }

  /// The database's name.
  package var database: PostgresName
  /// How much.
  package var level: Level

  /// A grant of `level` on `database`.
  package init(database: PostgresName, level: Level) {
    self.database = database
    self.level = level
  }
}
