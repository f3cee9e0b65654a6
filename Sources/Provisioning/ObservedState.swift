package import DatabaseSpec

/// The state of a server, as far as a plan needs it, read at one time.
package struct ObservedState: Equatable, Sendable {
  /// The server's version as a number, such as 150004 for 15.4.
  package var serverVersion: Int
  /// The superuser that Postern is logged in as.
  package var administrator: PostgresName
  /// The server's time.
  package var now = Timestamp(microseconds: 0)
  /// Every role.
  package var roles: [PostgresName: RoleState]
  /// Every database.
  package var databases: [PostgresName: DatabaseState]
  /// Postern's own records.
  package var records: RecordsState
  /// Who may do more with them than read, each with these rights, for people; nil where nobody may.
  package var intruders: String?
  /// The extensions that the server has available, in each version; nil where no plan needs them.
  package var availableExtensions: [PostgresName: [AvailableExtension]]?

  /// A state with these values.
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

  /// Whether a role is recorded, and not as another customer's.
  package func isRecorded(_ name: PostgresName, by customer: String) -> Bool {
    guard let role = roles[name], records.records.roles[name]?.isAbout(role) == true else { return false }
    return otherCustomer(than: customer, of: name) == nil
  }

  /// The other customer of this server that declared a role, if there is one.
  func otherCustomer(than customer: String, of name: PostgresName) -> String? {
    guard let role = roles[name], let record = records.records.roles[name], record.isAbout(role),
      let other = record.customer, !other.utf8.elementsEqual(customer.utf8)
    else { return nil }
    return other
  }
}

/// A version of an extension that the server has available (PostgreSQL docs §54.3, `pg_available_extension_versions`).
package struct AvailableExtension: Equatable, Sendable {
  /// The version.
  package var version: String
  /// The only schema in which it can be installed; nil where any schema is possible.
  package var schema: PostgresName?

  /// A version with these values.
  package init(version: String, schema: PostgresName? = nil) {
    self.version = version
    self.schema = schema
  }
}

/// Postern's records in the database `postgres`.
package enum RecordsState: Equatable, Sendable {
  /// They do not exist yet.
  case absent
  /// The schema or what is in it does not belong to a superuser, so that its contents cannot be trusted.
  case foreign(owner: PostgresName)
  /// On the tables is what is not Postern's and would run where they are written, such as a check; what it is, for people.
  case altered(by: String, Records)
  case present(Records)

  /// The records; empty where there are none.
  package var records: Records {
    switch self {
    case .present(let records), .altered(_, let records): records
    case .absent, .foreign: Records()
    }
  }
}

/// The schema `postern` of a database.
package struct RecordsCondition: Equatable, Sendable {
  /// The first owner of the schema, or of something in it, who is no superuser; or else an owner.
  package var owner: PostgresName
  /// Whether that is a superuser.
  package var isSuperuser: Bool
  /// What is on the tables and is not Postern's, such as a check, for people; nil where nothing is.
  package var additions: String?
  /// Who may do more with them than read, and record, each with these rights, and the triggers and foreign keys that are there, for
  /// people; nil where nothing is.
  package var intruders: String?

  /// Reads the columns ``Postern/condition``.
  static func read(_ row: inout CatalogRow) throws(CatalogMismatch) -> RecordsCondition {
    RecordsCondition(
      owner: try row.name(), isSuperuser: try row.isTrue(), additions: try row.optionalText(),
      intruders: try row.optionalText())
  }
}

/// What Postern has recorded about its own actions.
package struct Records: Equatable, Sendable {
  /// The roles that it manages.
  package var roles: [PostgresName: RecordedRole]
  /// The memberships that it gave, by member.
  package var memberships: [PostgresName: Set<PostgresName>]
  /// The grants that it gave, by user, then database.
  package var grants: [PostgresName: [PostgresName: Grant.Level]]
  /// Whether the tables have all columns that this version writes; those of version 0.1 lack some.
  package var isComplete = true
  /// What publishes these tables.
  package var publications: WidePublications?

  /// Records with these values.
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
  /// Its OID. A role that somebody created later with the same name has another one.
  package var oid: UInt32
  /// Whether Postern created it, or found it.
  package var isMade: Bool
  /// The customer that declared it; nil in a record of version 0.1.
  package var customer: String?
  /// Whether the record was restored from a dump, which contains names but no OIDs.
  package var isRestored: Bool
  /// The user whose second login it is; nil for a user's own role.
  package var loginOf: PostgresName?

  /// A role with these values.
  package init(
    oid: UInt32, isMade: Bool, customer: String? = nil, isRestored: Bool = false, loginOf: PostgresName? = nil
  ) {
    self.oid = oid
    self.isMade = isMade
    self.customer = customer
    self.isRestored = isRestored
    self.loginOf = loginOf
  }

  /// Whether the record belongs to this existing role.
  package func isAbout(_ role: RoleState) -> Bool { isRestored || role.oid == oid }
}
