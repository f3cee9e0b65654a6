public import DatabaseSpec

/// A role as the server has it (PostgreSQL docs §53.8, `pg_authid`).
public struct RoleState: Equatable, Sendable {
  /// How the stored verifier compares with the password that is desired.
  public enum PasswordState: Equatable, Sendable {
    /// It was derived from that password, by SCRAM-SHA-256.
    case matches
    /// It was not, or by md5, or there is none.
    case differs
    /// No password is desired that it could be compared with.
    case notCompared
  }

  /// Its OID, which no later role of the same name has.
  public var oid: UInt32
  /// Whether it is a superuser.
  public var isSuperuser: Bool
  /// Whether it may log in.
  public var canLogIn: Bool
  /// How many sessions it may have; -1 for any number.
  public var connectionLimit: Int
  /// Until when its password is good.
  public var validUntil: Expiry
  /// How its password compares with the one that is desired.
  public var password: PasswordState
  /// Whether a verifier is stored at all.
  public var hasPassword: Bool
  /// The roles that it is a direct member of, with their rights.
  public var memberships: Set<PostgresName>
  /// The roles that it is a direct member of but, from 16 on, WITH INHERIT FALSE or SET FALSE only.
  public var limitedMemberships: Set<PostgresName>
  /// How many sessions it has.
  public var sessions: Int
  /// What depends on it, database by database; read only for a role that may have to be dropped.
  public var dependencies: [RoleDependency]
  /// What it has outside of all databases; read only for a role that may have to be dropped.
  public var holdings: [RoleHolding]

  /// A role of these parts.
  public init(
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
public struct RoleDependency: Equatable, Sendable {
  /// The database.
  public var database: PostgresName
  /// How many objects the role owns there, apart from those that are of no use to anybody else.
  public var owned: Int

  /// A dependency of these parts.
  public init(database: PostgresName, owned: Int) {
    self.database = database
    self.owned = owned
  }
}

/// What REASSIGN OWNED does not give to somebody else.
public struct RoleHolding: Equatable, Sendable {
  /// What it is.
  public enum Kind: String, Sendable {
    /// In `pg_prepared_xacts`: it keeps its locks until it is committed or rolled back.
    case preparedTransaction = "x"
    /// In `pg_subscription`: it applies changes with its owner's rights.
    case subscription = "s"
    /// In `pg_tablespace`.
    case tablespace = "t"
  }

  /// What it is.
  public var kind: Kind
  /// Its name, or the identifier of the transaction.
  public var name: String
  /// The database that it is about; nil for a tablespace.
  public var database: PostgresName?

  /// A holding of these parts.
  public init(kind: Kind, name: String, database: PostgresName?) {
    self.kind = kind
    self.name = name
    self.database = database
  }
}
