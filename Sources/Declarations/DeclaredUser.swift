import DatabaseSpec

/// An entry of `postern.io/users`, with each part checked separately.
struct DeclaredUser {
  /// What a user may do in a database; `owner` becomes the database's owner.
  enum Level: String, CaseIterable {
    case owner, write, read
  }

  var name: Located<PostgresName>
  var ensure = User.Ensure.present
  var grants: [(database: Located<PostgresName>, level: Level)] = []
  var connectionLimit: Int?
  var validUntil: Expiry?
  var memberOf: [Located<PostgresName>] = []
  var passwordFrom: ObjectKey?
}

/// An entry of `postern.io/databases`, each part checked by itself.
struct DeclaredDatabase {
  var name: Located<PostgresName>
  var owner: Located<PostgresName>?
  var extensions: [Extension] = []
  var schemas: [(name: Located<PostgresName>, owner: Located<PostgresName>?)] = []
  var encoding: String?
  var locale: String?
  var template: PostgresName?
  var connectionLimit: Int?
  var scripts: [Script] = []
}

/// What one annotation declares.
struct DeclaredList<Element> {
  var elements: [Element] = []
  /// Whether each entry's name could be read: otherwise a name that is not found may be one of those.
  var isComplete = true
}
