package import DatabaseSpec

/// One SQL statement of a plan. No password is in it: it says whose is to be set, and prints redacted.
package enum SQLStatement: Equatable, Sendable, CustomStringConvertible {
  /// SQL as it is sent.
  case sql(String)
  /// Sets a role's password to the one that is desired, as a verifier that is computed on the client.
  case setPassword(of: PostgresName)

  /// The SQL, with `[redacted]` in place of a verifier.
  package var description: String {
    switch self {
    case .sql(let text): text
    case .setPassword(let role): Self.password(of: role, verifier: "[redacted]")
    }
  }

  /// The SQL that sets a role's password to what `verifier` was derived from.
  package static func password(of role: PostgresName, verifier: String) -> String {
    "ALTER ROLE \(SQLText.identifier(role)) PASSWORD \(SQLText.literal(verifier))"
  }
}
