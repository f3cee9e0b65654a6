/// What one pass over a server did.
package struct PassReport: Equatable, Sendable {
  /// How the pass ended.
  package enum Outcome: Equatable, Sendable {
    /// Everything declared exists. Another pass would do nothing.
    case converged
    /// Some items failed; the others are there.
    case incomplete
    /// The server is a standby. Nothing is done until it is promoted.
    case standby
    /// The connection ended in the middle: Postgres stopped, or somebody ended the session. The one problem says how.
    case disconnected
    /// The pass stopped between two steps because the process must end.
    case interrupted
    /// The files changed while a script ran. What they say was done beside it; another pass does the rest.
    case superseded
  }

  /// How the pass ended.
  package var outcome: Outcome
  /// The actions in order, one line each, without any secret.
  package var applied: [String]
  /// What is wrong, item by item.
  package var problems: [ItemProblem]
  /// Whether only items failed that had already failed while the instance was ready, so that what worked then still
  /// works.
  package var isKnownToFail: Bool

  /// A report of these parts.
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
  /// The server's SQLSTATE, where the server said so.
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
