/// What one statement of a script for an empty data folder says of users and databases.
enum InitFact {
  /// CREATE ROLE or CREATE USER. Only a user can log in unless the options say it.
  case role(String, RoleOptions, isUser: Bool)
  /// ALTER ROLE with options.
  case alteredRole(String, RoleOptions)
  case membership(of: [String], in: [String])
  case database(MigratedDatabase, hasMore: Bool)
  case owner(of: String, String)
  case databaseLimit(of: String, Int?)
  /// GRANT ALL ON DATABASE.
  case allOn(databases: [String], to: [String])
  /// Other rights that are granted or taken back.
  case grant
  case `extension`(name: String, schema: String?, version: String?, isRepeatable: Bool)
  case schema(name: String, owner: String?, isRepeatable: Bool)
  /// What the statement before says besides, by its keywords.
  case more([String])
  /// Nothing that matters elsewhere: BEGIN, COMMIT, SET.
  case nothing
  /// What PostgreSQL's grammar does not take.
  case unreadable
  /// Anything else.
  case other

  /// Whether a script may hold it besides what is declared: run again, it changes nothing.
  var isRepeatable: Bool {
    switch self {
    case .extension(_, _, _, let isRepeatable), .schema(_, _, let isRepeatable): isRepeatable
    case .more, .nothing, .other: true
    default: false
    }
  }

  /// Whether a declaration says it, and no script.
  var isDeclared: Bool {
    switch self {
    case .role, .alteredRole, .membership, .database, .owner, .databaseLimit, .allOn, .extension, .schema, .more: true
    case .grant, .nothing, .unreadable, .other: false
    }
  }
}
