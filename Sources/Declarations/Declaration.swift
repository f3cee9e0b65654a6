package import DatabaseSpec

/// The content of the annotations of one workload or Pod, checked.
package struct Declaration: Equatable, Sendable {
  /// The users and databases of the annotations, with owners filled in. If ``usersFrom`` is set, it is complete only
  /// after ``adding(_:)``, because owners, grants and memberships may name users and databases of the flat file.
  package var spec: InstanceSpec
  /// `postern.io/users-from`: the place of the flat file.
  package var usersFrom: ObjectKey?
  /// The `passwordFrom` of the users that have one; the others' passwords are generated.
  package var passwordSources: [PostgresName: ObjectKey] = [:]
  /// The Secret of the superuser's name and password; nil where none is given.
  package var adminSecret: String?
  /// Postgres's port, 1 to 65535; nil where it must be determined.
  package var port: Int?
  /// The host in connection Secrets; nil for the workload's own.
  package var host: String?
  /// Whether the Service that the host names is made.
  package var makesService = false
  /// How clients must connect.
  package var tls = ClientTLS()
  /// Whether something other than Postern makes the replicas copies of one server.
  package var isReplicated = false
  /// Whether the Pod becomes Ready only after provisioning.
  package var gateReadiness = true
  /// The port of the sidecar's status; nil where none is declared.
  package var statusPort: StatusPortChoice?
  /// Whether Secrets outlive the workload.
  package var retain = true
  /// The sidecar's CPU, request and limit; nil for the default.
  package var sidecarCPU: ResourceQuantity?
  /// The sidecar's memory, request and limit; nil for the default.
  package var sidecarMemory: ResourceQuantity?

  /// A declaration of this and no settings.
  package init(spec: InstanceSpec) {
    self.spec = spec
  }
}
