/// A problem that prevents an instance from being complete.
package struct InstanceProblem: Equatable, Sendable {
  /// The reasons, as in an Event's `reason`.
  package enum Reason: String, Sendable {
    /// An object, or a key of one, is missing.
    case missingReference = "MissingReference"
    /// A value exists and is invalid.
    case invalidDeclaration = "InvalidDeclaration"
    /// An object with the name belongs to somebody else, or several objects declare.
    case conflict = "Conflict"
  }

  /// The kind of problem.
  package var reason: Reason
  /// One line for people, without passwords or text of a Secret.
  package var message: String

  /// A problem with these values.
  package init(reason: Reason, message: String) {
    (self.reason, self.message) = (reason, message)
  }
}
