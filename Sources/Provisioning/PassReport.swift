/// What one pass over a server did.
package struct PassReport: Equatable, Sendable {
  /// How the pass ended.
  package enum Outcome: Equatable, Sendable {
    /// Everything declared exists. Another pass would do nothing.
    case converged
    /// Some items failed; the others are done.
    case incomplete
    /// The server is a standby. Nothing is done until it is promoted.
    case standby
    /// The connection ended during the pass: Postgres stopped, or somebody ended the session. The only problem says
    /// how.
    case disconnected
    /// The pass stopped between two steps because the process must end.
    case interrupted
    /// The files changed while a script ran. Their changes were applied while it ran, except scripts; another pass does
    /// the rest.
    case superseded
  }

  /// How the pass ended.
  package var outcome: Outcome
  /// The actions in order, one line each, without any secret.
  package var applied: [String]
  /// The problems, by item.
  package var problems: [ItemProblem]
  /// Whether only items failed that had already failed while the instance was ready, so that what worked then still
  /// works.
  package var isKnownToFail: Bool

  /// A report with these values.
  package init(
    outcome: Outcome, applied: [String] = [], problems: [ItemProblem] = [], isKnownToFail: Bool = false
  ) {
    self.outcome = outcome
    self.applied = applied
    self.problems = problems
    self.isKnownToFail = isKnownToFail
  }
}

/// A problem with one declared item.
package struct ItemProblem: Equatable, Sendable {
  /// The item as users know it: `user shop`, `database orders`, `script 001-tables in orders`.
  package var item: String
  /// The problem, in one line, without any secret.
  package var message: String
  /// The server's SQLSTATE, where the server reported one.
  package var sqlState: String?
  /// What to do.
  package var hint: String?
  /// Whether the pass is incomplete because of it; a warning is told and no more.
  package var isFailure: Bool

  /// A problem of these parts.
  package init(item: String, message: String, sqlState: String? = nil, hint: String? = nil, isFailure: Bool = true) {
    self.item = item
    self.message = message
    self.sqlState = sqlState
    self.hint = hint
    self.isFailure = isFailure
  }
}
