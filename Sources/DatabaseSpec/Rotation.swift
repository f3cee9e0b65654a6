/// `rotate` of a user: its password turns by itself, from one of two logins to the other and back.
package struct Rotation: Equatable, Sendable {
  /// Seconds from one turn to the next.
  package var every: Int
  /// For how many seconds after a turn the login of before can still be used.
  package var overlap: Int

  /// The times that can be declared for ``every``.
  package static let everyRange = 3_600...366 * 86_400
  /// The shortest ``overlap``; the longest is half of ``every``.
  package static let minimumOverlap = 300
  /// The longest ``overlap`` that is not declared.
  private static let defaultOverlap = 7 * 86_400

  /// A rotation; without an overlap the smaller of seven days and half of `every`.
  package init(every: Int, overlap: Int? = nil) {
    self.every = every
    self.overlap = overlap ?? min(Self.defaultOverlap, every / 2)
  }
}

extension InstanceSpec {
  /// The users who must exist and whose passwords turn.
  package var turningUsers: [User] { users.filter { $0.ensure == .present && $0.rotate != nil } }
}

extension PostgresName {
  private static let secondLoginSuffix = "_b"
  /// The most bytes in the name of a user whose password turns.
  package static let maximumBytesWithSecondLogin = maximumBytes - secondLoginSuffix.utf8.count

  /// The name of the second login of a user of this name; nil where it would be too long.
  package var secondLogin: PostgresName? {
    do throws(PostgresNameError) { return try PostgresName(text + Self.secondLoginSuffix) } catch { return nil }
  }
}
