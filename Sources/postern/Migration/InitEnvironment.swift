import JSONBytes

/// What a container's variables say of the server that its image makes.
struct InitEnvironment {
  /// Those whose values stand in the files. A Secret's values are not read.
  private(set) var variables: [String: String] = [:]
  /// The superuser, who owns what nobody else is given.
  private(set) var superuser = "postgres"
  /// The database in which scripts run.
  private(set) var database = "postgres"
  /// The user to whom the image gives this database, if it makes one.
  private(set) var owner: String?

  /// A server of which all is known.
  init(superuser: String, database: String, owner: String?) {
    (self.superuser, self.database, self.owner) = (superuser, database, owner)
  }

  init(_ container: JSONValue, _ objects: MigratedObjects, namespace: String) {
    var defined: Set<String> = []
    for source in container["envFrom"]?.array ?? [] {
      let prefix = source["prefix"]?.string ?? ""
      guard let name = source["configMapRef"]?["name"]?.string else { continue }
      for (key, value) in objects.data(of: .configMap, name, namespace: namespace) ?? [:] {
        variables[prefix + key] = value
      }
    }
    for variable in container["env"]?.array ?? [] {
      guard let name = variable["name"]?.string else { continue }
      defined.insert(name)
      let reference = variable["valueFrom"]?["configMapKeyRef"]
      let value =
        variable["value"]?.string
        ?? reference.flatMap {
          objects.data(of: .configMap, $0["name"]?.string ?? "", namespace: namespace)?[$0["key"]?.string ?? ""]
        }
      // What refers to another variable is not known.
      variables[name] = value.flatMap { $0.contains("$(") ? nil : $0 }
    }
    /// The first of these variables, as a name that may be unknown.
    func value(_ names: String...) -> String? {
      for name in names {
        if let value = variables[name], !value.isEmpty { return value }
        if defined.contains(name), variables[name] == nil { return ScriptVariable.mark(name) }
      }
      return nil
    }
    let image = container["image"]?.string ?? ""
    if image.contains("bitnami") || variables.keys.contains(where: { $0.hasPrefix("POSTGRESQL_") }) {
      owner = value("POSTGRESQL_USERNAME", "POSTGRESQL_USER", "POSTGRES_USERNAME", "POSTGRES_USER")
      database = value("POSTGRESQL_DATABASE", "POSTGRESQL_DB", "POSTGRES_DATABASE", "POSTGRES_DB") ?? database
    } else {
      superuser = value("POSTGRES_USER") ?? superuser
      database = value("POSTGRES_DB", "POSTGRES_DBNAME") ?? superuser
      if !ScriptVariable.isIn(superuser) { variables["POSTGRES_USER"] = superuser }
      if !ScriptVariable.isIn(database) { variables["POSTGRES_DB"] = database }
    }
    if owner == superuser { owner = nil }
  }

  /// Whether a container with scripts in the folder is another kind of server, which runs what is there in the same way.
  static func isOtherServer(_ container: JSONValue) -> Bool {
    let image = container["image"]?.string?.lowercased() ?? ""
    guard !image.contains("postgres") else { return false }
    let names = (container["env"]?.array ?? []).compactMap { $0["name"]?.string }
    let others = [
      "mysql", "mariadb", "mongo", "clickhouse", "percona", "cassandra", "scylla", "neo4j", "influxdb", "couchdb",
    ]
    return others.contains { image.contains($0) }
      || names.contains { name in ["MYSQL_", "MARIADB_", "MONGO_INITDB_"].contains { name.hasPrefix($0) } }
  }
}
