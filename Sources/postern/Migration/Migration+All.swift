import JSONBytes

extension Migration {
  /// What is found in a set of manifests, in their order.
  static func all(in manifests: [Manifest]) -> [Migration] {
    let objects = MigratedObjects(manifests)
    let (order, parts) = cloudNativePGParts(manifests)
    var found: [Migration] = []
    var others: [Manifest] = []
    for manifest in manifests {
      switch (manifest.group, manifest.kind) {
      case ("acid.zalan.do", "postgresql"): found.append(Migration(zalando: manifest))
      case ("postgres-operator.crunchydata.com", "PostgresCluster"): found.append(Migration(crunchy: manifest))
      case (cloudNativePGGroup, "Cluster"):
        let all = parts[ClusterName(namespace: manifest.namespace, name: manifest.name)] ?? .init(cluster: manifest)
        found.append(Migration(cloudNativePG: all, named: manifest.name, namespace: manifest.ownNamespace))
      default:
        let isServed = LabelledManifest.serves(manifest)
        guard isServed || Self.formerWorkloads.contains(manifest.kind),
          var migration = Migration(workload: manifest, objects)
        else {
          others.append(manifest)
          continue
        }
        if !isServed {
          migration.remark(
            "Postern serves no \(manifest.kind): make it a Deployment or a StatefulSet, which bears the label")
        }
        found.append(migration)
      }
    }
    for name in order {
      guard let all = parts[name], all.cluster == nil else { continue }
      let namespace = (all.databases + all.roles).first?.ownNamespace
      found.append(Migration(cloudNativePG: all, named: name.name, namespace: namespace))
    }
    var callers: [String?: [String]] = [:]
    for manifest in others { callers[manifest.ownNamespace, default: []] += Self.callers(in: manifest, objects) }
    for index in found.indices {
      found[index].remarkCalls(by: callers[found[index].namespace] ?? [])
      found[index].remarkClosing()
    }
    return found
  }

  /// The containers of something that is no server that call psql and the like: what they make may be a server's.
  private static func callers(in manifest: Manifest, _ objects: MigratedObjects) -> [String] {
    PodTemplates.paths(in: manifest.object).flatMap { path in
      let pod = manifest.object.value(at: path[...]) ?? .null
      return ProgramCalls.unread(in: pod, objects, namespace: manifest.namespace).map { container in
        "\(manifest.kind) \(manifest.name), \(caller(container))"
      }
    }
  }

  static func caller(_ container: JSONValue) -> String { "container \(container["name"]?.string ?? "")" }

  /// Notes who calls psql and the like otherwise than it is read.
  mutating func remarkCalls(by callers: [String]) {
    guard !callers.isEmpty else { return }
    remark(
      "\(Self.list(callers, separator: "; ")) \(callers.count == 1 ? "calls" : "call") psql, createuser or createdb; "
        + "what it makes was not read: declare it besides what is here")
  }

  /// Workloads that others have replaced, and in which many examples still run a Postgres.
  private static let formerWorkloads = ["ReplicationController", "DeploymentConfig"]
  private static let cloudNativePGGroup = "postgresql.cnpg.io"

  private struct ClusterName: Hashable {
    let namespace: String
    let name: String
  }

  /// CloudNativePG's objects by the cluster that they are or name, and the clusters in their order.
  private static func cloudNativePGParts(
    _ manifests: [Manifest]
  ) -> (order: [ClusterName], parts: [ClusterName: CloudNativePGParts]) {
    var order: [ClusterName] = []
    var parts: [ClusterName: CloudNativePGParts] = [:]
    for manifest in manifests where manifest.group == cloudNativePGGroup {
      let reference = manifest.object["spec"]?["cluster"]?["name"]?.string ?? ""
      let name = ClusterName(
        namespace: manifest.namespace, name: manifest.kind == "Cluster" ? manifest.name : reference)
      let before = parts[name]
      switch manifest.kind {
      case "Cluster": parts[name, default: .init()].cluster = manifest
      case "Database": parts[name, default: .init()].databases.append(manifest)
      case "DatabaseRole": parts[name, default: .init()].roles.append(manifest)
      default: continue
      }
      if before == nil { order.append(name) }
    }
    return (order, parts)
  }
}
