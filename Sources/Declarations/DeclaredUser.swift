import DatabaseSpec

/// An entry of `postern.io/users`, with each part checked separately.
struct DeclaredUser {
  /// What a user may do in a database; `owner` becomes the database's owner.
  enum Level: String, CaseIterable {
    case owner, write, read
  }

  /// Nil where it cannot be read.
  var name: Located<PostgresName>?
  /// Nil where it cannot be read.
  var ensure: User.Ensure? = .present
  /// A level is nil where it cannot be read.
  var grants: [(database: Located<PostgresName>, level: Level?)] = []
  var connectionLimit: Int?
  var validUntil: Expiry?
  var memberOf: [Located<PostgresName>] = []
  var passwordFrom: ObjectKey?
  var renamedFrom: Located<PostgresName>?
  var rotate: Located<Rotation>?
}

/// An entry of `postern.io/databases`, with each part checked separately.
struct DeclaredDatabase {
  /// Nil where it cannot be read.
  var name: Located<PostgresName>?
  var owner: Located<PostgresName>?
  /// Whether the entry names an owner, even if the name cannot be read.
  var saysOwner = false
  var extensions: [Extension] = []
  var schemas: [DeclaredSchema] = []
  var encoding: String?
  var locale: String?
  var template: PostgresName?
  var connectionLimit: Int?
  var scripts: [Script] = []
  var renamedFrom: Located<PostgresName>?
}

/// An entry of a database's `schemas`; its name is nil where it cannot be read.
struct DeclaredSchema {
  var name: Located<PostgresName>?
  var owner: Located<PostgresName>?
}

/// The entries of one annotation.
struct DeclaredList<Element> {
  var elements: [Element] = []
  var doubts = Doubts()
  /// Whether a name occurs more than once.
  var hasDuplicates = false
}
