/// What keeps an instance from being all that is declared.
package struct InstanceProblem: Equatable, Sendable {
  /// As in an Event's `reason`.
  package enum Reason: String, Sendable {
    /// An object, or a key of one, is not there.
    case missingReference = "MissingReference"
    /// What is there cannot be taken.
    case invalidDeclaration = "InvalidDeclaration"
    /// An object of that name is somebody else's, or several declare.
    case conflict = "Conflict"
  }

  /// What kind of problem.
  package var reason: Reason
  /// One line for people; no password, and no text of a Secret.
  package var message: String
}
