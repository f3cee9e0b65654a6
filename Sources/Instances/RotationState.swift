package import DatabaseSpec

/// What is stored about one user's two logins: in the user's own Secret, which applications use, and in the Secret that
/// is mounted into the sidecar.
package struct RotationState: Equatable, Sendable {
  /// The user's Secret.
  package struct Told: Equatable, Sendable {
    /// Whether it names the second login; nil where it names neither.
    var isSecond: Bool?
    var password: Password
    /// `postern.io/rotated-at`
    package var rotatedAt: Timestamp?
    /// `postern.io/rotates-at`
    package var rotatesAt: Timestamp?
  }

  /// What is mounted.
  package struct Mounted: Equatable, Sendable {
    package var login: LoginState
    /// The password of the login that applications use.
    var current: Password
    /// The password of the other, where it is stored.
    var other: Password?
  }

  /// Nil where there is no such Secret.
  var told: Told?
  /// Nil where there is nothing about the user.
  var mounted: Mounted?
}

/// What the Pods have said of the logins that are mounted.
enum LoginReadiness: Equatable, Sendable {
  /// Every Pod has them.
  case applied
  /// Not every Pod has them, for this reason.
  case held(String)
}

/// What is to be written, for one user. Each pass writes what follows from what is stored, so a pass that ends anywhere is
/// gone on with by the next, whoever makes it.
package struct RotationDecision: Equatable, Sendable {
  /// For the Secret that is mounted.
  package var mounted: RotationState.Mounted
  /// For the user's Secret.
  package var told: RotationState.Told
  /// Whether the user's Secret gets another login.
  package var isTurn = false
  /// Why the turn that is due waits, since when it is due.
  package var held: (reason: String, since: Timestamp)?
  /// When the next pass has something to do; nil: never by itself.
  var next: Timestamp?
  /// Whether the second login is needed no more, because `rotate` was taken out.
  package var isOver = false

  package static func == (left: Self, right: Self) -> Bool {
    left.mounted == right.mounted && left.told == right.told && left.isTurn == right.isTurn
      && left.held?.reason == right.held?.reason && left.held?.since == right.held?.since && left.next == right.next
      && left.isOver == right.isOver
  }
}
