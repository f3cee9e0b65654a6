import Contract
import DatabaseSpec
import Declarations

/// A variable of a connection, as a container gets it.
struct BoundVariable {
  enum Value {
    case literal(String)
    case key(secret: String, key: String, isOptional: Bool)
  }

  let name: String
  let value: Value

  /// The Secret of a connection's user.
  static func secret(of connection: DeclaredConnection) -> String {
    ObjectName.user(connection.user, customer: connection.customer)
  }

  /// A connection's variables.
  /// - Parameter folder: where the container has its files.
  static func all(of connection: DeclaredConnection, folder: String) -> [Self] {
    let secret = secret(of: connection)
    return connection.variables.map { variable in
      switch variable.source {
      case .serviceFile: return Self(name: variable.name, value: .literal("\(folder)/\(SecretKey.serviceFile)"))
      case .key(SecretKey.database):
        if let database = connection.database { return Self(name: variable.name, value: .literal(database.text)) }
        return Self(
          name: variable.name, value: .key(secret: secret, key: SecretKey.database, isOptional: false))
      case .key(let key):
        return Self(
          name: variable.name,
          value: .key(
            secret: secret, key: connection.secretKey(key), isOptional: SecretKey.conditional.contains(key)))
      }
    }
  }

  /// A text as a literal value. The kubelet replaces `$(NAME)`, and `$$` by `$`.
  static func escaped(_ text: String) -> String {
    text.contains(ascii: "$") ? text.replacing("$", with: "$$") : text
  }

  /// Whether a container has it already.
  func isSame(as other: EnvironmentValue) -> Bool {
    switch (value, other) {
    case (.literal(let text), .literal(let other)):
      Self.escaped(text).utf8.elementsEqual(other.utf8)
    case (.key(let secret, let key, _), .reference(let other)):
      other.kind == .secret && other.name == secret && other.key == key
    default: false
    }
  }
}

extension DeclaredConnection {
  /// The keys that are different for each database, and what they stand for in the files of one.
  var keysOfDatabase: [(key: String, file: String)] {
    guard let database else { return [] }
    let label = ObjectName.keyLabel(database: database)
    return [
      (SecretKey.database(label: label), SecretKey.database), (SecretKey.uri(label: label), SecretKey.uri),
      (SecretKey.jdbcURI(label: label), SecretKey.jdbcURI),
    ]
  }

  /// The key that holds a value for the connection's database.
  func secretKey(_ key: String) -> String { keysOfDatabase.first { $0.file == key }?.key ?? key }
}
