public import Declarations

/// One customer's Postgres, as a workload or bare Pod declares it.
public struct Instance: Equatable, Sendable {
  /// The object that declares: owner of what is derived from it.
  public struct Workload: Equatable, Sendable {
    /// Such as `apps/v1`.
    public var apiVersion: String
    /// `Deployment`, `StatefulSet` or `Pod`.
    public var kind: String
    /// `metadata.name`
    public var name: String
    /// `metadata.uid`; nil where there is none yet (offline), and then nothing gets an owner.
    public var uid: String?

    /// A workload of these parts.
    public init(apiVersion: String, kind: String, name: String, uid: String? = nil) {
      self.apiVersion = apiVersion
      self.kind = kind
      self.name = name
      self.uid = uid
    }
  }

  /// The namespace of all its objects.
  public var namespace: String
  /// What declares it.
  public var workload: Workload
  /// What its annotations say.
  public var declaration: Declaration
  /// The port that Postgres listens on.
  public var port: Int
  /// Whether its Pods take the superuser from Secret `<customer>-pg-admin`, having no source of their own.
  public var usesGeneratedAdmin: Bool

  /// An instance of these parts.
  public init(
    namespace: String, workload: Workload, declaration: Declaration, port: Int, usesGeneratedAdmin: Bool = false
  ) {
    self.namespace = namespace
    self.workload = workload
    self.declaration = declaration
    self.port = port
    self.usesGeneratedAdmin = usesGeneratedAdmin
  }

  /// The host in connection Secrets: `postern.io/host`, else `<workload>.<namespace>.svc`.
  public var host: String {
    declaration.host ?? "\(workload.name).\(namespace).svc"
  }
}
