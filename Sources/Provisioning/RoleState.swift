package import DatabaseSpec

/// A role on the server (PostgreSQL docs §53.8, `pg_authid`).
package struct RoleState: Equatable, Sendable {
  /// How the stored verifier compares with the desired password.
  package enum PasswordState: Equatable, Sendable {
    /// It was derived from that password by SCRAM-SHA-256.
    case matches
    /// It was derived from another password or by md5, or there is none.
    case differs
    /// There is no desired password to compare with.
    case notCompared
  }

  /// Its OID. A later role with the same name has another one.
  package var oid: UInt32
  /// Whether it is a superuser.
  package var isSuperuser: Bool
  /// Whether it may log in.
  package var canLogIn: Bool
  /// Whether it has the rights of the roles of which it is a member without SET ROLE. From version 16 on, each
  /// membership says that itself, and this is only what new ones get.
  package var inherits = true
  /// The most sessions; -1 for any number.
  package var connectionLimit: Int
  /// Until when its password is valid.
  package var validUntil: Expiry
  /// How its password compares with the desired one.
  package var password: PasswordState
  /// Whether a verifier is stored at all.
  package var hasPassword: Bool
  /// The roles of which it is a direct member, with their rights.
  package var memberships: Set<PostgresName>
  /// The roles of which it is a direct member, but (from version 16 on) only WITH INHERIT FALSE or SET FALSE.
  package var limitedMemberships: Set<PostgresName>
  /// Who has the membership in a role from it, by that role. Read only where it is to lose that itself.
  package var passedOn: [PostgresName: Set<PostgresName>] = [:]
  /// How many sessions it has.
  package var sessions: Int
  /// Objects that depend on it, by database. Read only for a role that may have to be dropped.
  package var dependencies: [RoleDependency]
  /// What it has outside of databases. Read only for a role that may have to be dropped or locked.
  package var holdings: [RoleHolding]
  /// Its parameters (ALTER ROLE … SET). Read only for a user whose password turns, and where Postern has
  /// left some.
  package var settings: Set<RoleSetting> = []

  /// A role with these values.
  package init(
    oid: UInt32, isSuperuser: Bool = false, canLogIn: Bool = true, connectionLimit: Int = -1,
    validUntil: Expiry = .infinity,
    password: PasswordState = .notCompared, hasPassword: Bool = true, memberships: Set<PostgresName> = [],
    limitedMemberships: Set<PostgresName> = [], sessions: Int = 0, dependencies: [RoleDependency] = [],
    holdings: [RoleHolding] = []
  ) {
    self.oid = oid
    self.isSuperuser = isSuperuser
    self.canLogIn = canLogIn
    self.connectionLimit = connectionLimit
    self.validUntil = validUntil
    self.password = password
    self.hasPassword = hasPassword
    self.memberships = memberships
    self.limitedMemberships = limitedMemberships
    self.sessions = sessions
    self.dependencies = dependencies
    self.holdings = holdings
  }
}

/// Objects that depend on a role in one database (PostgreSQL docs §53.49, `pg_shdepend`).
package struct RoleDependency: Equatable, Sendable {
  /// The database.
  package var database: PostgresName
  /// How many objects the role owns there, without those that nobody else needs.
  package var owned: Int

  /// A dependency with these values.
  package init(database: PostgresName, owned: Int) {
    self.database = database
    self.owned = owned
  }
}

/// Something of a role that REASSIGN OWNED does not give to another role.
package struct RoleHolding: Equatable, Sendable {
  /// The kinds of holdings.
  package enum Kind: String, Sendable {
    /// In `pg_prepared_xacts`: it keeps its locks until it is committed or rolled back.
    case preparedTransaction = "x"
    /// In `pg_subscription`: it applies changes with its owner's rights.
    case subscription = "s"
    /// In `pg_tablespace`.
    case tablespace = "t"
  }

  /// The kind of the holding.
  package var kind: Kind
  /// Its name, or the transaction's identifier.
  package var name: String
  /// The database that it belongs to; nil for a tablespace.
  package var database: PostgresName?

  /// A holding with these values.
  package init(kind: Kind, name: String, database: PostgresName?) {
    self.kind = kind
    self.name = name
    self.database = database
  }
}
