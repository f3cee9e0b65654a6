package import Admission
package import Declarations

/// One customer's Postgres, as a workload or bare Pod declares it.
package struct Instance: Equatable, Sendable {
  /// The object that declares the instance. It owns the objects that are derived from it.
  package struct Workload: Equatable, Sendable {
    /// `apiVersion`, such as `apps/v1`.
    package var apiVersion: String
    /// `Deployment`, `StatefulSet` or `Pod`.
    package var kind: String
    /// `metadata.name`
    package var name: String
    /// `metadata.uid`; nil where it is not known (offline). Then the objects get no owner.
    package var uid: String?

    /// A workload with these values.
    package init(apiVersion: String, kind: String, name: String, uid: String? = nil) {
      self.apiVersion = apiVersion
      self.kind = kind
      self.name = name
      self.uid = uid
    }

    /// A Pod.
    package static func pod(name: String, uid: String) -> Self {
      Self(apiVersion: "v1", kind: "Pod", name: name, uid: uid)
    }
  }

  /// The namespace of all its objects.
  package var namespace: String
  /// The object that declares it.
  package var workload: Workload
  /// The content of its annotations.
  package var declaration: Declaration
  /// The port that Postgres listens on.
  package var port: Int
  /// Whether its Pods have no password source of their own and so take the superuser from Secret `<customer>-pg-admin`.
  package var usesGeneratedAdmin: Bool
  /// The Pod that connection Secrets are for, as `<pod>.<service>`; nil where there is one server.
  package var chosenReplica: String?
  /// What a Service must select to reach its Pods.
  package var podLabels: PodLabels
  /// Whether its namespace is whichever it is applied to (offline). Then the host is resolved there.
  package var isInAnyNamespace = false

  /// An instance with these values.
  package init(
    namespace: String, workload: Workload, declaration: Declaration, port: Int, usesGeneratedAdmin: Bool = false,
    chosenReplica: String? = nil, podLabels: PodLabels = PodLabels()
  ) {
    self.namespace = namespace
    self.workload = workload
    self.declaration = declaration
    self.port = port
    self.usesGeneratedAdmin = usesGeneratedAdmin
    self.chosenReplica = chosenReplica
    self.podLabels = podLabels
  }

  /// The host in connection Secrets: `postern.io/host`, else `<pod>.<service>.<namespace>.svc` of one of several servers,
  /// else `<workload>.<namespace>.svc`.
  package var host: String {
    declaration.host ?? (isInAnyNamespace ? ownName : "\(ownName).\(namespace).svc")
  }

  /// The Service that the host names; nil where it names none of the namespace.
  package var serviceHost: ServiceHost? {
    ServiceHost(declaration.host ?? "\(ownName).\(namespace)", namespace: namespace)
  }

  private var ownName: String { chosenReplica ?? workload.name }
}

extension Instance {
  /// The instance that an object declares; nil where the declaration has errors.
  package init?(_ declared: DeclaredPostgres, namespace: String, workload: Workload) {
    guard let declaration = declared.declaration else { return nil }
    self.init(
      namespace: namespace, workload: workload, declaration: declaration, port: declared.port,
      usesGeneratedAdmin: declared.usesGeneratedAdmin, chosenReplica: declared.chosenReplica,
      podLabels: declared.podLabels)
  }
}
