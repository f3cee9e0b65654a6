package import DatabaseSpec

/// A user's `validUntil`: from then on, Postgres refuses logins with the user's password.
package struct DeclaredExpiry: Equatable, Sendable {
  /// The time.
  package var time: Timestamp
  /// What is to be said from then on: of whom, and where that stands.
  package var warning: DeclarationProblem
}
