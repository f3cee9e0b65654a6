/// Which of the two logins of a user applications use, and what becomes of the other.
package struct LoginState: Equatable, Sendable {
  /// The other login.
  package enum Other: Equatable, Sendable {
    /// It is not to be used.
    case idle
    /// It is made ready for the next turn.
    case pending
    /// It was used before the last turn, and can be used up to this time.
    case until(Timestamp)
  }

  /// Whether it is the second login that applications use.
  package var isSecond: Bool
  /// The other one.
  package var other: Other

  /// A state with these values.
  package init(isSecond: Bool = false, other: Other = .idle) {
    self.isSecond = isSecond
    self.other = other
  }
}
