package import DatabaseSpec

/// A user's `validUntil`. From that time on, Postgres refuses logins with the user's password.
package struct DeclaredExpiry: Equatable, Sendable {
  /// The time.
  package var time: Timestamp
  /// The warning from then on: the user, and the place of the setting.
  package var warning: DeclarationProblem
}
