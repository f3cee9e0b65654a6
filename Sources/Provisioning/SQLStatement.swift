package import DatabaseSpec

/// One SQL statement of a plan. It contains no password: it names the role whose password must be set, and prints
/// redacted.
package enum SQLStatement: Equatable, Sendable, CustomStringConvertible {
  /// SQL exactly as it is sent.
  case sql(String)
  /// Sets a role's password to the desired one, as a verifier that the client computes.
  case setPassword(of: PostgresName)

  /// The SQL, with `[redacted]` in place of a verifier.
  package var description: String {
    switch self {
    case .sql(let text): text
    case .setPassword(let role): Self.password(of: role, verifier: "[redacted]")
    }
  }

  /// The SQL that sets a role's password by this verifier.
  package static func password(of role: PostgresName, verifier: String) -> String {
    "ALTER ROLE \(SQLText.identifier(role)) PASSWORD \(SQLText.literal(verifier))"
  }
}
