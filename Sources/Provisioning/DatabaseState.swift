package import DatabaseSpec

/// A database on the server (PostgreSQL docs §53.15, `pg_database`).
package struct DatabaseState: Equatable, Sendable {
  /// The role that owns it.
  package var owner: PostgresName
  /// Whether it accepts connections at all.
  package var allowsConnections: Bool
  /// The most sessions; -1 for any number, -2 where a DROP DATABASE was interrupted.
  package var connectionLimit: Int
  /// Its encoding, as the server spells it.
  package var encoding: String
  /// Its collation, as the server spells it.
  package var collation: String
  /// The locale that it sorts by instead, where not the system's library does that but ICU, or the server itself.
  package var providerLocale: String?
  /// The collation's version, where it is another one than when texts were sorted by it.
  package var changedCollation: ChangedCollation?
  /// Whether the owner has granted CONNECT to PUBLIC.
  package var isOpenToPublic: Bool
  /// Whether its owner's own right to connect was revoked.
  package var isClosedToOwner = false
  /// Other roles that have granted CONNECT to PUBLIC, because they have it with grant option.
  package var publicGrantors: Set<PostgresName> = []
  /// The roles to which CONNECT was granted.
  package var connectors: Set<PostgresName>
  /// Whether its owner may call a routine there by a grant of somebody else's, such as the one that records scripts.
  package var isOwnerCaller = false
  /// A number that is another one after something was written in it; nil where the server does not count that.
  package var writes: Int?
  /// Its contents; nil where no plan needs them, or they could not be read.
  package var contents: DatabaseContents?

  /// A database with these values.
  package init(
    owner: PostgresName, allowsConnections: Bool = true, connectionLimit: Int = -1, encoding: String = "UTF8",
    collation: String = "C", providerLocale: String? = nil, isOpenToPublic: Bool = false,
    connectors: Set<PostgresName> = [],
    contents: DatabaseContents? = nil
  ) {
    self.owner = owner
    self.allowsConnections = allowsConnections
    self.connectionLimit = connectionLimit
    self.encoding = encoding
    self.collation = collation
    self.providerLocale = providerLocale
    self.isOpenToPublic = isOpenToPublic
    self.connectors = connectors
    self.contents = contents
  }

  /// Whether a DROP DATABASE of it was interrupted, so that it can only be dropped.
  package var isDropInterrupted: Bool { connectionLimit == -2 }

  /// Whether anybody can connect to it.
  package var isUsable: Bool { allowsConnections && !isDropInterrupted }
}

/// A collation of which the system has another version than the one that a database was made with.
package struct ChangedCollation: Equatable, Sendable {
  /// The version that the database was made with.
  package var made: String
  /// The version of the system; nil where it names none.
  package var present: String?

  /// Versions with these values.
  package init(made: String, present: String?) {
    self.made = made
    self.present = present
  }
}

/// The contents of a database.
package struct DatabaseContents: Equatable, Sendable {
  /// The owners of its schemas, without the server's own schemas.
  package var schemas: [PostgresName: PostgresName]
  /// Its extensions.
  package var extensions: [PostgresName: InstalledExtension]
  /// Whether every role may create objects in the schema `public`, as before Postgres 15.
  package var isPublicSchemaOpen: Bool
  /// Relations that the owner or a grantee cannot read, by the role that created them.
  package var uncovered: [OthersObjects]
  /// Schemas, by owner, that the owner or a grantee may not use, who may read what is in there.
  package var closedSchemas: [OthersObjects] = []
  /// Routines that users who may only read can call, and that run with the rights of the role that made them.
  package var definers: [OthersObjects] = []
  /// Indexes that are there and that no query uses.
  package var invalidIndexes: [OthersObjects] = []
  /// The differences between the privileges that were asked about and those that exist.
  package var gaps: [PrivilegeGap]
  /// Whether there are other gaps than ``gaps``: too many to be read at once.
  package var hasMoreGaps = false
  /// The transactions that have not ended and have made something that belongs to a role, or that it has rights on, each
  /// described in words, by the role. Only of roles that are to lose what they have.
  package var openTransactions: [PostgresName: String] = [:]
  /// What users have passed on who are to lose a right.
  package var passedOn: [PassedOnRights] = []
  /// The table and function that record scripts there.
  package var recorder: RecorderState
  /// Who may do more with them than record and read, each with these rights, for people; nil where nobody may.
  package var intruders: String?
  /// The scripts that ran there.
  package var scripts: [AppliedScript]
  /// What publishes that table.
  package var publications: WidePublications?

  /// Contents with these values.
  package init(
    schemas: [PostgresName: PostgresName] = [:], extensions: [PostgresName: InstalledExtension] = [:],
    isPublicSchemaOpen: Bool = false, uncovered: [OthersObjects] = [], gaps: [PrivilegeGap] = [],
    recorder: RecorderState = .absent,
    scripts: [AppliedScript] = []
  ) {
    self.schemas = schemas
    self.extensions = extensions
    self.isPublicSchemaOpen = isPublicSchemaOpen
    self.uncovered = uncovered
    self.gaps = gaps
    self.recorder = recorder
    self.scripts = scripts
  }
}

/// Publications FOR ALL TABLES of a database, of which there is one at least. No table can be left out of them.
package struct WidePublications: Equatable, Sendable {
  /// The name of the first.
  package var first: String
  /// How many there are.
  package var count: Int

  /// Reads the name, which is null where there is none, and the number.
  static func read(_ row: inout CatalogRow) throws(CatalogMismatch) -> WidePublications? {
    let first = try row.optionalText()
    let count = try row.integer()
    return first.map { WidePublications(first: $0, count: count) }
  }
}

/// Objects of one role that are to be told of.
package struct OthersObjects: Equatable, Sendable {
  /// The role.
  package var owner: PostgresName
  /// How many there are.
  package var count: Int
  /// The first few, as SQL names them.
  package var names: String

  /// The first few in brackets, for the end of a sentence.
  var examples: String { names.utf8.isEmpty ? "" : " (\(names)\(count > 5 ? ", …" : ""))" }

  /// Objects of these parts.
  package init(owner: PostgresName, count: Int, names: String) {
    self.owner = owner
    self.count = count
    self.names = names
  }
}

/// Rights that a user gave to somebody by a grant option, of those that the user is to lose. They go with the user's own.
package struct PassedOnRights: Equatable, Sendable {
  /// Who gave them.
  package var user: PostgresName
  /// To whom.
  package var grantee: PostgresName
  /// On how many objects.
  package var count: Int
  /// The first few, as SQL names them.
  package var names: String

  /// Rights of these parts.
  package init(user: PostgresName, grantee: PostgresName, count: Int, names: String) {
    self.user = user
    self.grantee = grantee
    self.count = count
    self.names = names
  }
}

/// An extension that is installed.
package struct InstalledExtension: Equatable, Sendable {
  /// The schema that contains it.
  package var schema: PostgresName
  /// Its version.
  package var version: String
  /// Whether it can be moved to another schema.
  package var isRelocatable: Bool

  /// An extension with these values.
  package init(schema: PostgresName, version: String, isRelocatable: Bool = true) {
    self.schema = schema
    self.version = version
    self.isRelocatable = isRelocatable
  }
}

/// The recorder of scripts in a database: a table that only the superuser and the owner read, and a function that adds to
/// it.
package enum RecorderState: Equatable, Sendable {
  /// It does not exist yet.
  case absent
  /// The schema or what is in it does not belong to a superuser. Postern must not write there. The function of an older version may
  /// be a superuser's still (`isQuiet` as below; nil where there is none).
  case foreign(owner: PostgresName, isQuiet: Bool?)
  /// On the table is what is not Postern's, such as a check; what it is, for people, and who may call the function.
  case altered(by: String, callers: Set<PostgresName>)
  /// It exists; these roles may call the function, and some of them read the table. A function that is not quiet is of an older
  /// version, by which triggers on the table run; nil where there is none.
  case present(callers: Set<PostgresName>, readers: Set<PostgresName>, isQuiet: Bool?)
}

/// A script that has run.
package struct AppliedScript: Equatable, Sendable {
  /// Its name in the declaration.
  package var name: String
  /// SHA-256 of its bytes when it ran, in lower-case hexadecimal.
  package var sha256: String

  /// A script with these values.
  package init(name: String, sha256: String) {
    self.name = name
    self.sha256 = sha256
  }
}
