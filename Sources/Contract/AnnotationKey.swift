/// The annotations under `postern.io/`, and the label that marks a workload as a customer's.
package enum AnnotationKey {
  /// The prefix of all of Postern's annotations.
  package static let prefix = "postern.io/"
  /// The databases: a YAML list, or a plain list of names.
  package static let databases = "postern.io/databases"
  /// The users: a YAML list, or a plain list of names.
  package static let users = "postern.io/users"
  /// `SECRET/KEY` of a flat file, one `user:password` a line.
  package static let usersFrom = "postern.io/users-from"
  /// What happens to a user that is no longer declared: `lock`, `drop` or `keep`.
  package static let removedUsers = "postern.io/removed-users"
  /// What happens to a user's sessions when the password changes: `keep-sessions` or `end-sessions`.
  package static let passwordChange = "postern.io/password-change"
  /// The Secret that holds the superuser's `username` and `password`.
  package static let adminSecret = "postern.io/admin-secret"
  /// The name of the Postgres container.
  package static let container = "postern.io/container"
  /// Postgres's TCP port.
  package static let port = "postern.io/port"
  /// The host that connection Secrets contain.
  package static let host = "postern.io/host"
  /// `make`: the controller makes the Service that the host names.
  package static let service = "postern.io/service"
  /// How clients must use TLS: libpq's `sslmode`.
  package static let sslMode = "postern.io/sslmode"
  /// The path at which clients have the certificate of the server's authority: libpq's `sslrootcert`.
  package static let sslRootCert = "postern.io/ssl-root-cert"
  /// `external`: something other than Postern makes the replicas copies of one server.
  package static let replication = "postern.io/replication"
  /// `"false"`: the webhook leaves the Pod alone.
  package static let inject = "postern.io/inject"
  /// `"false"`: the Pod becomes Ready without waiting for provisioning.
  package static let gateReadiness = "postern.io/gate-readiness"
  /// The port of the sidecar's status, or `none`: ``StatusPort``.
  package static let statusPort = "postern.io/status-port"
  /// `"false"`: the workload owns all objects that are made for it, so they are deleted with it.
  package static let retain = "postern.io/retain"
  /// The family of Postgres's image, where the image's name does not show it: `official`, `bitnami`, …
  package static let flavor = "postern.io/flavor"
  /// The sidecar's CPU: request and limit.
  package static let sidecarCPU = "postern.io/sidecar-cpu"
  /// The sidecar's memory: request and limit.
  package static let sidecarMemory = "postern.io/sidecar-memory"
  /// As whom, and to which databases, the Pod's containers connect: a plain list of `USER` or `USER/DATABASE`, or a
  /// YAML list. It needs ``connectLabel``.
  package static let connections = "postern.io/connections"
  /// The user's name in Postgres. The controller writes it on the user's Secret.
  package static let user = "postern.io/user"
  /// When the user's password turned last. The controller writes it on the user's Secret.
  package static let rotatedAt = "postern.io/rotated-at"
  /// When it turns next. The controller writes it on the user's Secret; whoever edits it decides when.
  package static let rotatesAt = "postern.io/rotates-at"
  /// Since when nothing declares for the customer. The controller writes it on Secrets that remain.
  package static let unusedSince = "postern.io/unused-since"
  /// The Service that was made for the customer. The controller writes it on the ConfigMap.
  package static let madeService = "postern.io/made-service"
  /// What of the declaration is not carried out, a line each: the reason, a colon and the message. The controller writes it on
  /// the ConfigMap.
  package static let problems = "postern.io/problems"
  /// Marks a Pod that has the sidecar. The webhook writes it; users must not.
  package static let injected = "postern.io/injected"
  /// Marks a Pod that has what its connections need. The webhook writes it; users must not.
  package static let connected = "postern.io/connected"
  /// The controller writes it on running Pods, so that the kubelet updates the mounted files at once.
  package static let updated = "postern.io/updated"
  /// When the controller last changed the sidecar's image in the running Pod. By it another leader knows that the Pod
  /// was ready before.
  package static let sidecarUpdated = "postern.io/sidecar-updated"

  /// The value of ``inject`` as a label of a namespace whose objects are not sent to the webhook.
  package static let disabledNamespace = "disabled"

  /// The label (not an annotation) that names the customer.
  package static let customerLabel = "postern.io/customer"
  /// The label (not an annotation) that names the customer to whose databases a Pod connects.
  package static let connectLabel = "postern.io/connect"

  /// The annotations that declare what the instance holds. They are on the workload or on its Pod template, never on
  /// both.
  package static let declaring = [databases, users, usersFrom, removedUsers, passwordChange]

  /// All annotations that a user may write.
  package static let all =
    declaring + [
      adminSecret, container, port, host, service, inject, gateReadiness, statusPort, retain, flavor, sidecarCPU,
      sidecarMemory,
      sslMode,
      sslRootCert, replication, connections,
    ]

  /// The annotations that Postern writes on Pods. A manifest may contain them; they are ignored.
  package static let outputs = [injected, connected, updated, sidecarUpdated]

  /// The annotations that the controller writes on objects of its own. A file may contain them that was taken from a
  /// cluster.
  package static let ownOutputs = [user, rotatedAt, rotatesAt, unusedSince, madeService, problems]
}

/// The same texts as `StaticString`, with which the scanner compares a review's keys byte by byte.
extension AnnotationKey {
  /// ``prefix``
  package static var prefixBytes: StaticString { "postern.io/" }
  /// ``customerLabel``
  package static var customerLabelBytes: StaticString { "postern.io/customer" }
  /// ``connectLabel``
  package static var connectLabelBytes: StaticString { "postern.io/connect" }
  /// ``connections``
  package static var connectionsBytes: StaticString { "postern.io/connections" }
  /// ``connected``
  package static var connectedBytes: StaticString { "postern.io/connected" }
  /// ``injected``
  package static var injectedBytes: StaticString { "postern.io/injected" }
  /// ``updated``
  package static var updatedBytes: StaticString { "postern.io/updated" }
  /// ``sidecarUpdated``
  package static var sidecarUpdatedBytes: StaticString { "postern.io/sidecar-updated" }
}
