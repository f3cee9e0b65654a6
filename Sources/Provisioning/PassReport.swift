package import DatabaseSpec

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

    /// Whether nothing is left to do, as far as the declaration and the server are known.
    package var isDone: Bool { self == .converged || self == .standby }
  }

  /// How the pass ended.
  package var outcome: Outcome
  /// The actions in order, one line each, without any secret.
  package var applied: [String]
  /// The problems, by item.
  package var problems: [ItemProblem]
  /// Whether only items failed that had already failed while the instance was ready, so that what worked then still
  /// works.
  package var isKnownToFail = false
  /// The users whose passwords turn and of whom not every login is as the files say; nil where that is not known, because
  /// the pass ended before it had looked.
  package var heldLogins: [PostgresName]?

  /// A report with these values.
  package init(outcome: Outcome, applied: [String] = [], problems: [ItemProblem] = []) {
    self.outcome = outcome
    self.applied = applied
    self.problems = problems
    heldLogins = outcome == .converged ? [] : nil
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
  /// Whether it makes the pass incomplete; otherwise it is only a warning.
  package var isFailure: Bool
  /// What readers outside of the Pod may see of it, if ``message`` and ``hint`` may contain words of a script or of
  /// rows.
  package var told: Told?

  /// A message and a hint without such words.
  package struct Told: Sendable {
    package var message: String
    package var hint: String?

    /// A message and a hint.
    package init(message: String, hint: String? = nil) {
      self.message = message
      self.hint = hint
    }
  }

  /// A problem with these values.
  package init(item: String, message: String, sqlState: String? = nil, hint: String? = nil, isFailure: Bool = true) {
    self.item = item
    self.message = message
    self.sqlState = sqlState
    self.hint = hint
    self.isFailure = isFailure
  }

  /// Whether both are equal; ``told`` follows from the other members.
  package static func == (left: Self, right: Self) -> Bool {
    left.item.utf8.elementsEqual(right.item.utf8) && left.message.utf8.elementsEqual(right.message.utf8)
      && left.isFailure == right.isFailure && isSame(left.sqlState, right.sqlState) && isSame(left.hint, right.hint)
  }

  private static func isSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.utf8.elementsEqual(right.utf8)
  }
}
