import Contract

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

extension InstanceProblem {
  /// What follows where it is the ConfigMap or the Secret that is mounted into the sidecar.
  package static let blocking = "nothing is changed until then"

  /// An object that somebody else has made has a name that Postern needs.
  /// - Parameter consequence: what follows until it has another name.
  package static func notPosterns(_ kind: DesiredObject.Kind, _ name: String, _ consequence: String) -> Self {
    InstanceProblem(
      reason: .conflict,
      message: "\(kind.rawValue) \"\(name)\" is not Postern's (it has no label \(ObjectLabel.managedBy): "
        + "\(ObjectLabel.manager) for this customer) and is left as it is; rename or delete it: \(consequence)")
  }
}
