import Admission
import Contract
package import DatabaseSpec

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
  /// An object that somebody else has made has a name that Postern needs.
  /// - Parameter consequence: what follows until it has another name.
  package static func notPosterns(_ kind: DesiredObject.Kind, _ name: String, _ consequence: String) -> Self {
    InstanceProblem(
      reason: .conflict,
      message: "\(kind.rawValue) \"\(name)\" is not Postern's (it has no label \(ObjectLabel.managedBy): "
        + "\(ObjectLabel.manager) for this customer) and is left as it is; rename or delete it: \(consequence)")
  }
}

extension InstanceSources {
  /// The Secrets that cannot be made, because somebody else has made one with the name.
  package func conflicts(with spec: InstanceSpec, usesGeneratedAdmin: Bool) -> [InstanceProblem] {
    let users = spec.users.filter { $0.ensure == .present }.map { ObjectName.user($0.name, customer: spec.customer) }
    var conflicts = users.filter(taken.contains).map {
      InstanceProblem.notPosterns(.secret, $0, "what would be in it has no other place")
    }
    let admin = ObjectName.admin(customer: spec.customer)
    if usesGeneratedAdmin, taken.contains(admin) {
      conflicts.append(.notPosterns(.secret, admin, "Postgres and the sidecar take the superuser from it as it is"))
    }
    return conflicts
  }
}
