import Admission
import Declarations
import JSONBytes

/// What a container's variables say of the server that its image makes.
struct InitEnvironment {
  /// Where a password is.
  enum Password: Equatable {
    case secret(String, key: String)
    /// A variable that holds it in plain sight, or in a way that is not read.
    case other(String)
  }

  /// Those that are set; one whose value is not in the files stands for itself. A Secret's values are not read.
  private(set) var variables: [String: String] = [:]
  /// The superuser, who owns what nobody else is given.
  private(set) var superuser = "postgres"
  /// The database in which scripts run.
  private(set) var database = "postgres"
  /// Those that it makes besides, where its variable may name several.
  private(set) var otherDatabases: [String] = []
  /// What it makes in each of them.
  private(set) var extensions: [String] = []
  /// The user to whom the image gives this database, if it makes one.
  private(set) var owner: String?
  /// The keys of Secrets that variables hold.
  private(set) var secrets: [String: (secret: String, key: String)] = [:]
  /// Objects whose variables it takes all, and which are in none of the files.
  private(set) var missing: [String] = []
  /// The image's.
  private(set) var family: ImageFamily = .official
  /// The owner's; nil where no variable is about it.
  private(set) var password: Password?

  /// A server of which all is known.
  init(superuser: String, database: String, owner: String?) {
    (self.superuser, self.database, self.owner) = (superuser, database, owner)
  }

  init(_ container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String) {
    takeVariables(of: container, objects, namespace: namespace)
    family = Self.family(of: container, variables)
    func value(_ names: [String]) -> String? { self.value(names, readsFiles: family.readsFiles) }
    superuser = family.superuserVariable.flatMap { value([$0]) } ?? family.defaultSuperuser
    owner = value(family.applicationUserVariables)
    switch family {
    case .bitnami:
      database =
        value(["POSTGRESQL_DATABASE", "POSTGRESQL_DB", "POSTGRES_DATABASE", "POSTGRES_DB"]) ?? database
    case .sclorg: database = value(["POSTGRESQL_DATABASE"]) ?? database
    case .kartoza: database = value(["POSTGRES_DBNAME", "POSTGRES_DB"]) ?? "gis"
    case .supabase: database = value(["POSTGRES_DB"]) ?? database
    case .sameersbn: database = value(["DB_NAME"]) ?? database
    case .official: database = value(["POSTGRES_DB"]) ?? superuser
    case .patroni, .spilo: break
    }
    if family == .sameersbn || family == .kartoza {
      func list(_ text: String) -> [String] { text.split(separator: ",").compactMap { String($0).trimmed } }
      let databases = list(database)
      database = databases.first ?? database
      otherDatabases = Array(databases.dropFirst())
      // Behind a colon is a version.
      extensions = list(value([family == .kartoza ? "POSTGRES_MULTIPLE_EXTENSIONS" : "DB_EXTENSION"]) ?? "")
        .compactMap { $0.split(separator: ":").first.map(String.init) }
    }
    if owner == superuser { owner = nil }
    if owner != nil {
      password = password(family.applicationPasswordVariables, of: container, in: pod)
      return
    }
    if !ScriptVariable.isIn(superuser) { variables["POSTGRES_USER"] = superuser }
    if !ScriptVariable.isIn(database) { variables["POSTGRES_DB"] = database }
  }

  /// Takes what is in mounted files that texts or variables name, as variables of these paths: scripts read passwords from
  /// there (`$(cat /run/secrets/password)`).
  mutating func takeFiles(
    namedIn texts: [String], of container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String
  ) {
    let paths = Set((texts + variables.values).flatMap { $0.matches(of: MountedSource.path).map { String($0.output) } })
    for path in paths.sorted() {
      guard let source = MountedSource.all(at: path, in: container, of: pod).first else { continue }
      // It may stand in SQL, where a path would be no name.
      func name(_ path: Substring) -> String { String(path.map { $0.isLetter || $0.isNumber ? $0 : "_" }) }
      switch source.kind {
      case .secret:
        var name = name(path.dropFirst())
        // Paths may differ in other signs alone.
        while secrets[name] != nil { name += "_" }
        variables[path] = ScriptVariable.mark(name)
        secrets[name] = (source.object, source.key)
      case .configMap:
        let text = objects.data(of: .configMap, source.object, namespace: namespace)?[source.key]
        variables[path] = text.map { ScriptVariable.value($0, of: name(path.split(separator: "/").last ?? "")) }
      }
    }
  }

  /// Whether a user or a database is named that is the application's, or could be. The name may be in a Secret, or in what is
  /// missing.
  var namesSomething: Bool { owner != nil || database != "postgres" || !missing.isEmpty }

  private mutating func takeVariables(of container: JSONValue, _ objects: MigratedObjects, namespace: String) {
    for source in container["envFrom"]?.array ?? [] {
      let prefix = source["prefix"]?.string ?? ""
      for kind in [MountedSource.Kind.configMap, .secret] {
        guard let name = source["\(kind.rawValue)Ref"]?["name"]?.string else { continue }
        guard let data = objects.data(of: kind, name, namespace: namespace) else {
          missing.append("\(kind.noun) \(name)")
          continue
        }
        for (key, value) in data {
          let isSecret = kind == .secret
          variables[prefix + key] =
            isSecret ? ScriptVariable.mark(prefix + key) : ScriptVariable.value(value, of: prefix + key)
          secrets[prefix + key] = isSecret ? (name, key) : nil
        }
      }
    }
    for variable in container["env"]?.array ?? [] {
      guard let name = variable["name"]?.string else { continue }
      let reference = variable["valueFrom"]?["configMapKeyRef"]
      let value =
        variable["value"]?.string
        ?? reference.flatMap {
          objects.data(of: .configMap, $0["name"]?.string ?? "", namespace: namespace)?[$0["key"]?.string ?? ""]
        } ?? (variable["valueFrom"] == nil ? "" : nil)
      // What refers to another variable is not known.
      let known = value.flatMap { $0.contains("$(") ? nil : $0 }
      variables[name] = known.map { ScriptVariable.value($0, of: name) } ?? ScriptVariable.mark(name)
      secrets[name] = Self.key(variable["valueFrom"]?["secretKeyRef"])
    }
  }

  /// The Secret's key that a variable is taken from.
  private static func key(_ reference: JSONValue?) -> (secret: String, key: String)? {
    guard let secret = reference?["name"]?.string, let key = reference?["key"]?.string else { return nil }
    return (secret, key)
  }

  /// The first of these variables that is set, as a name that may be unknown.
  private func value(_ names: [String], readsFiles: Bool) -> String? {
    for name in names {
      if let value = variables[name], !value.isEmpty { return value }
      if readsFiles, variables[name + "_FILE"] != nil { return ScriptVariable.mark(name) }
    }
    return nil
  }

  private static func family(of container: JSONValue, _ variables: [String: String]) -> ImageFamily {
    if let family = ImageReference(container["image"]?.string ?? "").family { return family }
    return ImageFamily(definingVariables: variables.keys)
  }

  /// Whether a container is a Postgres by its image's name, its port or its data folder, and no operator's.
  static func isPostgres(_ container: JSONValue) -> Bool {
    let image = ImageReference(container["image"]?.string ?? "")
    guard OtherImage(image) == nil else { return false }
    return image.family != nil || image.name.contains("postgres")
      || container["ports"]?.array?.contains { $0["containerPort"] == .number("5432") } == true
      || container["env"]?.array?.contains { $0["name"]?.string == "PGDATA" } == true
  }

  // MARK: The owner's password

  private func password(_ names: [String], of container: JSONValue, in pod: JSONValue) -> Password? {
    let entries = container["env"]?.array ?? []
    for name in names {
      if let (secret, key) = secrets[name] { return .secret(secret, key: key) }
      if entries.contains(where: { $0["name"]?.string == name }) { return .other(name) }
      if let entry = entries.last(where: { $0["name"]?.string == "\(name)_FILE" }) {
        let source = MountedSource.all(at: entry["value"]?.string ?? "", in: container, of: pod).first
        guard let source, source.kind == .secret else { return .other("\(name)_FILE") }
        return .secret(source.object, key: source.key)
      }
    }
    return nil
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
