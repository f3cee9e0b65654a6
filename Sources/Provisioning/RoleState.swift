package import DatabaseSpec

/// A role as the server has it (PostgreSQL docs §53.8, `pg_authid`).
package struct RoleState: Equatable, Sendable {
  /// How the stored verifier compares with the password that is desired.
  package enum PasswordState: Equatable, Sendable {
    /// It was derived from that password, by SCRAM-SHA-256.
    case matches
    /// It was not, or by md5, or there is none.
    case differs
    /// No password is desired that it could be compared with.
    case notCompared
  }

  /// Its OID, which no later role of the same name has.
  package var oid: UInt32
  /// Whether it is a superuser.
  package var isSuperuser: Bool
  /// Whether it may log in.
  package var canLogIn: Bool
  /// How many sessions it may have; -1 for any number.
  package var connectionLimit: Int
  /// Until when its password is good.
  package var validUntil: Expiry
  /// How its password compares with the one that is desired.
  package var password: PasswordState
  /// Whether a verifier is stored at all.
  package var hasPassword: Bool
  /// The roles that it is a direct member of, with their rights.
  package var memberships: Set<PostgresName>
  /// The roles that it is a direct member of but, from 16 on, WITH INHERIT FALSE or SET FALSE only.
  package var limitedMemberships: Set<PostgresName>
  /// How many sessions it has.
  package var sessions: Int
  /// What depends on it, database by database; read only for a role that may have to be dropped.
  package var dependencies: [RoleDependency]
  /// What it has outside of all databases; read only for a role that may have to be dropped.
  package var holdings: [RoleHolding]

  /// A role of these parts.
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

/// What depends on a role in one database (PostgreSQL docs §53.49, `pg_shdepend`).
package struct RoleDependency: Equatable, Sendable {
  /// The database.
  package var database: PostgresName
  /// How many objects the role owns there, apart from those that are of no use to anybody else.
  package var owned: Int

  /// A dependency of these parts.
  package init(database: PostgresName, owned: Int) {
    self.database = database
    self.owned = owned
  }
}

/// What REASSIGN OWNED does not give to somebody else.
package struct RoleHolding: Equatable, Sendable {
  /// What it is.
  package enum Kind: String, Sendable {
    /// In `pg_prepared_xacts`: it keeps its locks until it is committed or rolled back.
    case preparedTransaction = "x"
    /// In `pg_subscription`: it applies changes with its owner's rights.
    case subscription = "s"
    /// In `pg_tablespace`.
    case tablespace = "t"
  }

  /// What it is.
  package var kind: Kind
  /// Its name, or the identifier of the transaction.
  package var name: String
  /// The database that it is about; nil for a tablespace.
  package var database: PostgresName?

  /// A holding of these parts.
  package init(kind: Kind, name: String, database: PostgresName?) {
    self.kind = kind
    self.name = name
    self.database = database
  }
}
