import JSONBytes

extension Migration {
  /// A `postgresql` of Zalando's postgres-operator (its docs, "Cluster manifest reference").
  init(zalando manifest: Manifest) {
    self.init(
      source: "Zalando's postgresql \(manifest.name)", customer: manifest.name, namespace: manifest.ownNamespace)
    let spec = manifest.object["spec"]
    for (name, flags) in spec?["users"]?.entries ?? [] {
      guard !name.contains(".") else {
        remark("user \(name): its Secret is in another namespace, and Postern's are beside the workload; left out")
        continue
      }
      withUser(name) { $0.passwordFrom = Self.zalandoSecret(name, cluster: manifest.name) }
      remarkPowers((flags.array ?? []).compactMap(\.string), of: name)
    }
    for (database, owner) in spec?["databases"]?.entries ?? [] {
      let owner = owner.string ?? database
      if !users.contains(where: { $0.name == owner }) {
        remark("user \(owner) owns database \(database) and is not among users")
        withUser(owner) { $0.passwordFrom = Self.zalandoSecret(owner, cluster: manifest.name) }
      }
      withDatabase(database, owner: owner)
    }
    for (database, prepared) in spec?["preparedDatabases"]?.entries ?? [] {
      prepare(database, prepared, cluster: manifest.name)
    }
    remarkOthers(of: spec, but: ["users", "databases", "preparedDatabases", "teamId", "postgresql", "volume"])
  }

  /// In names of the operator's Secrets, an underscore is a hyphen.
  private static func zalandoSecret(_ user: String, cluster: String) -> (secret: String, key: String) {
    ("\(user.replacing("_", with: "-")).\(cluster).credentials.postgresql.acid.zalan.do", "password")
  }

  /// A prepared database has roles that cannot log in, and users that are members of them.
  private mutating func prepare(_ database: String, _ prepared: JSONValue, cluster: String) {
    let hasUsers = prepared["defaultUsers"] == .bool(true)
    let owner = hasUsers ? "\(database)_owner_user" : "\(database)_owner"
    withUser(owner) { if hasUsers { $0.passwordFrom = Self.zalandoSecret(owner, cluster: cluster) } }
    withDatabase(database, owner: owner) { database in
      database.extensions = (prepared["extensions"]?.entries ?? []).map { name, schema in
        .members([("name", .string(name)), ("schema", schema.string.map { .string($0) })])
      }
      let schemas = prepared["schemas"]?.entries.map(\.key) ?? ["data"]
      database.schemas = schemas.map { .string($0) }
    }
    if hasUsers {
      for (role, level) in [("reader", "read"), ("writer", "write")] {
        let name = "\(database)_\(role)_user"
        withUser(name) { user in
          user.passwordFrom = Self.zalandoSecret(name, cluster: cluster)
          user.grants.append((database, level))
        }
      }
    }
    remark(
      "prepared database \(database): roles that cannot log in (\(database)_owner, \(database)_reader, \(database)_writer) have no like; "
        + "its users get their rights by grants\(hasUsers ? "" : ", and \(owner), who owns it, can log in")")
    let withRoles = (prepared["schemas"]?.entries ?? []).filter { $0.value["defaultRoles"] != .bool(false) }.map(\.key)
    if !withRoles.isEmpty {
      remark(
        "prepared database \(database): roles of single schemas have no like: \(withRoles.joined(separator: ", "))")
    }
  }
}

extension JSONValue {
  /// The members, if it is an object.
  var entries: [(key: String, value: JSONValue)] {
    guard case .object(let object) = self else { return [] }
    return object.members.map { ($0.key, $0.value) }
  }
}
