package import DatabaseSpec

/// What a step or a problem is about: something that users declare.
package enum Item: Hashable, Sendable, CustomStringConvertible {
  /// The server as a whole, including Postern's own records.
  case server
  case user(PostgresName)
  case membership(of: PostgresName, in: PostgresName)
  /// A user's second login.
  case rotation(of: PostgresName)
  case database(PostgresName)
  case schema(PostgresName, in: PostgresName)
  case `extension`(PostgresName, in: PostgresName)
  case grant(to: PostgresName, on: PostgresName)
  /// The objects that a role owns in a database, and its grants there, when another role must get them.
  case objects(of: PostgresName, in: PostgresName)
  case script(String, in: PostgresName)

  /// The database that it is, or is in.
  package var database: PostgresName? {
    switch self {
    case .server, .user, .membership, .rotation: nil
    case .database(let name), .schema(_, let name), .extension(_, let name), .grant(_, let name),
      .objects(_, let name), .script(_, let name):
      name
    }
  }

  /// The item as users know it, such as `script 001-tables in orders`.
  package var description: String {
    switch self {
    case .server: "server"
    case .user(let name): "user \(name.text)"
    case .membership(let user, let role): "membership of \(user.text) in \(role.text)"
    case .rotation(let user): "rotation of \(user.text)"
    case .database(let name): "database \(name.text)"
    case .schema(let name, let database): "schema \(name.text) in \(database.text)"
    case .extension(let name, let database): "extension \(name.text) in \(database.text)"
    case .grant(let user, let database): "grant to \(user.text) on \(database.text)"
    case .objects(let role, let database): "objects of \(role.text) in \(database.text)"
    case .script(let name, let database): "script \(name) in \(database.text)"
    }
  }
}
