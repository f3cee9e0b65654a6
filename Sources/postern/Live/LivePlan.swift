import Controller
import DatabaseSpec
import Declarations
import Instances
import KubernetesAPI
import KubernetesClient
import LibPQ

/// What an apply would do to a customer's Postgres in the cluster.
struct LivePlan {
  let access: ClusterAccess

  /// The statements, without passwords.
  /// - Parameter manifests: those of the file, settled in the namespace that is looked at.
  func statements(
    for declared: PlannedInstance, among manifests: [Manifest], pod: String?
  ) async throws(CommandError) -> [String] {
    let server = try await CustomerServer.find(declared.instance.declaration.spec.customer, pod: pod, in: access)
    let login = try await LoginReading(access: access).superuser(of: server)
    let objects = try await objects(of: declared.instance, over: LocalObjects(manifests))
    let console = access.console
    return try await access.forwarding(server, endsAtSignals: true) { port throws(CommandError) in
      let settings = ConnectionSettings(host: port.folder, port: port.port, user: login.user, password: login.password)
      return try declared.statements(with: objects, settings, place: "Pod \(server.pod)", console: console)
    }
  }

  /// The file's objects, and of the cluster's what they leave out: an apply leaves it as it is.
  private func objects(of instance: Instance, over file: LocalObjects) async throws(CommandError) -> LocalObjects {
    var objects = file
    for (resource, names) in instance.neededObjects {
      for name in names {
        let found = try await access.allowed { () throws(KubernetesError) in
          try await access.client.get(resource, name, in: instance.namespace)
        }
        guard let found else { continue }
        if resource == .secrets {
          objects.addSecret(
            name, namespace: instance.namespace, data: found.objectData(.secret), isPosterns: found.isPosterns)
        } else if objects.configMap(name, namespace: instance.namespace) == nil {
          objects.addConfigMap(name, namespace: instance.namespace, data: found.objectData(.configMap))
        }
      }
    }
    return objects
  }
}
