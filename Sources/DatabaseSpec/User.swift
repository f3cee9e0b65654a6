/// A role that may log in. The spec does not contain its password.
package struct User: Equatable, Sendable {
  /// Whether the user must exist.
  package enum Ensure: String, CaseIterable, Sendable {
    case present
    /// The database's owner gets its objects, then the role is dropped.
    case absent
  }

  /// Its name in Postgres.
  package var name: PostgresName
  /// Whether the user must exist.
  package var ensure: Ensure
  /// What it may do in databases that it does not own; at most one grant for each database.
  package var grants: [Grant]
  /// The most sessions at one time; nil for any number.
  package var connectionLimit: Int?
  /// Until when its password is valid; nil where nothing is declared. Then an existing role keeps its own value.
  package var validUntil: Expiry?
  /// Roles whose privileges it has: predefined ones (`pg_monitor`) or declared users.
  package var memberOf: [PostgresName]
  /// The name that it had before. If only that role exists, it is renamed.
  package var renamedFrom: PostgresName?
  /// How its password turns by itself; nil where it does not.
  package var rotate: Rotation?

  /// A user with these values.
  package init(
    name: PostgresName, ensure: Ensure = .present, grants: [Grant] = [], connectionLimit: Int? = nil,
    validUntil: Expiry? = nil, memberOf: [PostgresName] = [], renamedFrom: PostgresName? = nil,
    rotate: Rotation? = nil
  ) {
    self.name = name
    self.ensure = ensure
    self.grants = grants
    self.connectionLimit = connectionLimit
    self.validUntil = validUntil
    self.memberOf = memberOf
    self.renamedFrom = renamedFrom
    self.rotate = rotate
  }
}

/// What a user may do in a database that another user owns. (`owner` in a declaration becomes ``Database/owner``.)
package struct Grant: Equatable, Sendable {
  /// The extent of the grant.
  package enum Level: String, CaseIterable, Sendable {
    /// SELECT on all the owner's tables and sequences, EXECUTE on functions; also on new ones.
    case read
    /// `read`, and INSERT, UPDATE, DELETE, TRUNCATE; USAGE on sequences; also on new ones.
    case write
  }

  /// The database's name.
  package var database: PostgresName
  /// The extent of the grant.
  package var level: Level

  /// A grant of `level` on `database`.
  package init(database: PostgresName, level: Level) {
    self.database = database
    self.level = level
  }
}
