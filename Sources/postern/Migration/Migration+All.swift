import JSONBytes

extension Migration {
  /// What is found in a set of manifests, in their order.
  static func all(in manifests: [Manifest]) -> [Migration] {
    let objects = MigratedObjects(manifests)
    let databases = manifests.filter { $0.kind == "Database" && $0.group == "postgresql.cnpg.io" }
    func cluster(_ database: Manifest) -> String { database.object["spec"]?["cluster"]?["name"]?.string ?? "" }
    var found: [Migration] = []
    var clusters: Set<String> = []
    for manifest in manifests {
      switch (manifest.group, manifest.kind) {
      case ("acid.zalan.do", "postgresql"): found.append(Migration(zalando: manifest))
      case ("postgres-operator.crunchydata.com", "PostgresCluster"): found.append(Migration(crunchy: manifest))
      case ("postgresql.cnpg.io", "Cluster"):
        clusters.insert("\(manifest.namespace)/\(manifest.name)")
        found.append(
          Migration(
            cloudNativePG: manifest,
            databases.filter { $0.namespace == manifest.namespace && cluster($0) == manifest.name }))
      default:
        guard LabelledManifest.serves(manifest), let migration = Migration(workload: manifest, objects) else {
          continue
        }
        found.append(migration)
      }
    }
    for database in databases where clusters.insert("\(database.namespace)/\(cluster(database))").inserted {
      found.append(
        Migration(
          cloudNativePG: databases.filter { $0.namespace == database.namespace && cluster($0) == cluster(database) },
          cluster: cluster(database)))
    }
    return found
  }
}
