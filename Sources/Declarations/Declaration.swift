public import DatabaseSpec

/// What the annotations of one workload or Pod say, checked.
public struct Declaration: Equatable, Sendable {
  /// Users and databases of the annotations, owners filled in. Where ``usersFrom`` is set it is complete only after
  /// ``adding(_:)``: owners, grants and memberships may name users and databases of the flat file.
  public var spec: InstanceSpec
  /// `postern.io/users-from`: where the flat file is.
  public var usersFrom: ObjectKey?
  /// The `passwordFrom` of the users that have one; the others' passwords are generated.
  public var passwordSources: [PostgresName: ObjectKey]
  /// The Secret of the superuser's name and password; nil where none was given.
  public var adminSecret: String?
  /// The name of the container that is Postgres; nil where it is to be found out.
  public var container: String?
  /// Which family Postgres's image is of; nil where it is to be found out.
  public var flavor: ImageFamily?
  /// Postgres's port, 1 to 65535; nil where it is to be found out.
  public var port: Int?
  /// The host of connection Secrets; nil for the workload's own.
  public var host: String?
  /// Whether the Pod gets the sidecar.
  public var inject: Bool
  /// Whether the Pod's readiness waits for provisioning.
  public var gateReadiness: Bool
  /// Whether Secrets outlive the workload.
  public var retain: Bool

  /// A declaration of these parts.
  public init(
    spec: InstanceSpec, usersFrom: ObjectKey? = nil, passwordSources: [PostgresName: ObjectKey] = [:],
    adminSecret: String? = nil, container: String? = nil, port: Int? = nil, host: String? = nil, inject: Bool = true,
    gateReadiness: Bool = true, retain: Bool = true
  ) {
    self.spec = spec
    self.usersFrom = usersFrom
    self.passwordSources = passwordSources
    self.adminSecret = adminSecret
    self.container = container
    self.port = port
    self.host = host
    self.inject = inject
    self.gateReadiness = gateReadiness
    self.retain = retain
  }
}
