import Contract
import DatabaseSpec
package import Declarations

/// What Postern uses of a Secret.
package enum SecretUse: Hashable, Sendable {
  /// A user's password.
  case password(key: String)
  /// The superuser's `username` and `password`.
  case admin
  /// The flat file of `postern.io/users-from`.
  case flatFile(key: String)
  /// A script of a database.
  case script(key: String, name: String, isTransaction: Bool)

  /// Everything that a declaration uses of Secrets, with the Secrets' names.
  package static func all(in declaration: Declaration) -> [(secret: String, use: SecretUse)] {
    var uses = declaration.passwordSources.values.map { (secret: $0.name, use: Self.password(key: $0.key)) }
    if let secret = declaration.adminSecret { uses.append((secret, .admin)) }
    if let source = declaration.usersFrom { uses.append((source.name, .flatFile(key: source.key))) }
    for script in declaration.spec.databases.flatMap(\.scripts) {
      guard case .secret(let source) = script.content else { continue }
      uses.append((source.name, .script(key: source.key, name: script.name, isTransaction: script.transaction)))
    }
    return uses
  }

  /// The use of a Secret whose name Postern defines (design §3). A user may write it too.
  static func own(_ secret: String, of customer: String) -> SecretUse? {
    if secret == ObjectName.admin(customer: customer) { return .admin }
    return secret.utf8.starts(with: ObjectName.userPrefix(customer: customer).utf8)
      ? .password(key: SecretKey.password) : nil
  }

  /// The keys that it needs.
  var keys: [String] {
    switch self {
    case .password(let key), .flatFile(let key), .script(let key, _, _): [key]
    case .admin: [SecretKey.username, SecretKey.password]
    }
  }
}
