/// The annotations under `postern.io/`, and the label that makes a workload a customer's.
package enum AnnotationKey {
  /// What every annotation of Postern's begins with.
  package static let prefix = "postern.io/"
  /// The databases: a YAML list, or a plain list of names.
  package static let databases = "postern.io/databases"
  /// The users: a YAML list, or a plain list of names.
  package static let users = "postern.io/users"
  /// `SECRET/KEY` of a flat file, one `user:password` a line.
  package static let usersFrom = "postern.io/users-from"
  /// What becomes of a user that is no longer declared: `lock`, `drop` or `keep`.
  package static let removedUsers = "postern.io/removed-users"
  /// What becomes of a user's sessions when the password changes: `keep-sessions` or `end-sessions`.
  package static let passwordChange = "postern.io/password-change"
  /// The Secret that holds the superuser's `username` and `password`.
  package static let adminSecret = "postern.io/admin-secret"
  /// Which container is Postgres.
  package static let container = "postern.io/container"
  /// Postgres's port.
  package static let port = "postern.io/port"
  /// The host that goes into connection Secrets.
  package static let host = "postern.io/host"
  /// `"false"`: the Pod is left alone.
  package static let inject = "postern.io/inject"
  /// `"false"`: the Pod is Ready without waiting for provisioning.
  package static let gateReadiness = "postern.io/gate-readiness"
  /// `"false"`: the workload owns all that is made for it, which goes when it goes.
  package static let retain = "postern.io/retain"
  /// The family of Postgres's image, where the image does not tell: `official`, `bitnami`, …
  package static let flavor = "postern.io/flavor"
  /// The user's name as Postgres has it, written by the controller on the user's Secret.
  package static let user = "postern.io/user"
  /// Written by the webhook on a Pod that has the sidecar; no user's to write.
  package static let injected = "postern.io/injected"
  /// Written by the controller on running Pods, so that the kubelet brings what has changed at once.
  package static let updated = "postern.io/updated"

  /// The label, not an annotation: whose Postgres this is.
  package static let customerLabel = "postern.io/customer"

  /// Those that say what the instance holds. They stand on the workload or on its Pod template, never on both.
  package static let declaring = [databases, users, usersFrom, removedUsers, passwordChange]

  /// All that a user may write.
  package static let all =
    declaring + [adminSecret, container, port, host, inject, gateReadiness, retain, flavor]

  /// Those that Postern writes itself, which a declaration may carry along and which are not looked at.
  package static let outputs = [injected, updated]
}

/// The same words as the scanner compares them, byte by byte, in a review that is on its way.
extension AnnotationKey {
  /// ``prefix``
  package static var prefixBytes: StaticString { "postern.io/" }
  /// ``customerLabel``
  package static var customerLabelBytes: StaticString { "postern.io/customer" }
  /// ``injected``
  package static var injectedBytes: StaticString { "postern.io/injected" }
  /// ``updated``
  package static var updatedBytes: StaticString { "postern.io/updated" }
}
