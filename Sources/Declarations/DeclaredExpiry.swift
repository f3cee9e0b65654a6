public import DatabaseSpec

/// A user's `validUntil`: from then on, Postgres refuses logins with the user's password.
public struct DeclaredExpiry: Equatable, Sendable {
  /// The time.
  public var time: Timestamp
  /// What is to be said from then on: of whom, and where that stands.
  public var warning: DeclarationProblem
}
