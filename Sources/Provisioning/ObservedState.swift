package import DatabaseSpec

/// What a server holds, as far as a plan has to know, read at one moment.
package struct ObservedState: Equatable, Sendable {
  /// The server's version as a number, such as 150004 for 15.4.
  package var serverVersion: Int
  /// The superuser that Postern is logged in as.
  package var administrator: PostgresName
  /// Every role.
  package var roles: [PostgresName: RoleState]
  /// Every database.
  package var databases: [PostgresName: DatabaseState]
  /// What Postern wrote down about its own doings.
  package var records: RecordsState
  /// The extensions that the server could make, in each version; nil where no plan depends on it.
  package var availableExtensions: [PostgresName: [AvailableExtension]]?

  /// A state of these parts.
  package init(
    serverVersion: Int, administrator: PostgresName, roles: [PostgresName: RoleState] = [:],
    databases: [PostgresName: DatabaseState] = [:], records: RecordsState = .absent,
    availableExtensions: [PostgresName: [AvailableExtension]]? = nil
  ) {
    self.serverVersion = serverVersion
    self.administrator = administrator
    self.roles = roles
    self.databases = databases
    self.records = records
    self.availableExtensions = availableExtensions
  }
}

/// A version of an extension that the server could make (PostgreSQL docs §54.3, `pg_available_extension_versions`).
package struct AvailableExtension: Equatable, Sendable {
  /// The version.
  package var version: String
  /// The one schema that it can be in; nil where any will do.
  package var schema: PostgresName?

  /// A version of these parts.
  package init(version: String, schema: PostgresName? = nil) {
    self.version = version
    self.schema = schema
  }
}

/// Postern's records in the database `postgres`.
package enum RecordsState: Equatable, Sendable {
  /// Not made yet.
  case absent
  /// The schema is there and is not the superuser's: what it holds cannot be relied on.
  case foreign(owner: PostgresName)
  case present(Records)

  /// What is recorded; nothing where there are no records.
  package var records: Records {
    if case .present(let records) = self { records } else { Records() }
  }
}

/// What Postern wrote down about its own doings.
package struct Records: Equatable, Sendable {
  /// The roles that it manages.
  package var roles: [PostgresName: RecordedRole]
  /// The memberships that it gave, by member.
  package var memberships: [PostgresName: Set<PostgresName>]
  /// The grants that it gave, by user, then database.
  package var grants: [PostgresName: [PostgresName: Grant.Level]]
  /// Whether the tables have all that this version writes: those of version 0.1 have not.
  package var isComplete = true

  /// Records of these parts.
  package init(
    roles: [PostgresName: RecordedRole] = [:], memberships: [PostgresName: Set<PostgresName>] = [:],
    grants: [PostgresName: [PostgresName: Grant.Level]] = [:]
  ) {
    self.roles = roles
    self.memberships = memberships
    self.grants = grants
  }
}

/// A role that Postern manages.
package struct RecordedRole: Equatable, Sendable {
  /// Its OID: a role that somebody else made later under the same name has another.
  package var oid: UInt32
  /// Whether Postern made it, rather than found it.
  package var isMade: Bool
  /// The customer that declared it; nil where version 0.1 noted it.
  package var customer: String?
  /// Whether the note came here by a dump, which carries names and no OIDs.
  package var isRestored: Bool

  /// A role of these parts.
  package init(oid: UInt32, isMade: Bool, customer: String? = nil, isRestored: Bool = false) {
    self.oid = oid
    self.isMade = isMade
    self.customer = customer
    self.isRestored = isRestored
  }

  /// Whether it is about a role that is there.
  package func isAbout(_ role: RoleState) -> Bool { isRestored || role.oid == oid }
}
