import JSONBytes

extension Migration {
  /// A `postgresql` of Zalando's postgres-operator (its docs, "Cluster manifest reference").
  init(zalando manifest: Manifest) {
    self.init(
      source: "Zalando's postgresql \(manifest.name)", customer: manifest.name, namespace: manifest.ownNamespace)
    let spec = manifest.object["spec"]
    for (name, flags) in spec?["users"]?.entries ?? [] {
      takeZalandoUser(name, of: manifest)
      remarkPowers((flags.array ?? []).compactMap(\.string), of: name)
    }
    for (database, owner) in spec?["databases"]?.entries ?? [] {
      let owner = owner.string ?? database
      if !users.contains(where: { $0.name == owner }) {
        remark("user \(owner) owns database \(database) and is not among users")
        takeZalandoUser(owner, of: manifest)
      }
      withDatabase(database, owner: owner)
    }
    var prepared = spec?["preparedDatabases"]?.entries ?? []
    // Of none, the operator makes one of the cluster's name.
    if prepared.isEmpty, case .object? = spec?["preparedDatabases"] {
      prepared = [(manifest.name.replacing("-", with: "_"), .null)]
    }
    for (database, prepared) in prepared { prepare(database, prepared, of: manifest) }
    for key in ["usersWithSecretRotation", "usersWithInPlaceSecretRotation"] {
      for name in (spec?[key]?.array ?? []).compactMap(\.string) { rotate(name, key) }
    }
    remarkOthers(
      of: spec,
      but: [
        "users", "databases", "preparedDatabases", "teamId", "postgresql", "volume", "usersWithSecretRotation",
        "usersWithInPlaceSecretRotation",
      ])
  }

  /// A role `NAMESPACE.USER` has its Secret in that namespace (the operator's `enable_cross_namespace_secret`).
  private mutating func takeZalandoUser(_ name: String, of manifest: Manifest) {
    guard !users.contains(where: { $0.name == name }) else { return }
    let parts = name.split(separator: ".", maxSplits: 1)
    if parts.count == 2, String(parts[0]) != manifest.ownNamespace {
      withUser(name)
      return remark(
        "user \(name): its Secret is in namespace \(parts[0]), and Postern's are beside the workload: it gets a new password, "
          + "unless you copy the Secret and name the copy by passwordFrom")
    }
    withUser(name) { $0.passwordFrom = Self.zalandoSecret(name, cluster: manifest.name) }
  }

  /// In names of the operator's Secrets, an underscore is a hyphen.
  private static func zalandoSecret(_ user: String, cluster: String) -> (secret: String, key: String) {
    ("\(user.replacing("_", with: "-")).\(cluster).credentials.postgresql.acid.zalan.do", "password")
  }

  /// How often is in the operator's configuration; 90 days where nothing is said there.
  private mutating func rotate(_ name: String, _ key: String) {
    guard users.contains(where: { $0.name == name }) else {
      return remark("\(key): user \(name) is declared nowhere; left out")
    }
    withUser(name) { user in
      user.rotate = "90d"
      user.passwordFrom = nil
    }
    remark(
      "user \(name): \(key) is rotate, and the first password is a new one; 90d stands for the operator's password_rotation_interval, "
        + "which is not in this file")
  }

  /// A prepared database has roles that cannot log in, and users that are members of them.
  private mutating func prepare(_ database: String, _ prepared: JSONValue, of manifest: Manifest) {
    let hasUsers = prepared["defaultUsers"] == .bool(true)
    let owner = hasUsers ? "\(database)_owner_user" : "\(database)_owner"
    let namespace = prepared["secretNamespace"]?.string
    let isElsewhere = namespace != nil && namespace != manifest.ownNamespace
    let named = prepared["schemas"]?.entries ?? []
    let schemas = named.isEmpty ? [("data", .null)] : named
    func secret(of user: String) -> (secret: String, key: String)? {
      isElsewhere ? nil : Self.zalandoSecret(user, cluster: manifest.name)
    }
    if hasUsers, isElsewhere, let namespace {
      remark(
        "prepared database \(database): secretNamespace \(namespace): Postern's Secrets are beside the workload; its users get new passwords, "
          + "unless you copy the Secrets and name the copies by passwordFrom")
    }
    withUser(owner) { if hasUsers { $0.passwordFrom = secret(of: owner) } }
    withDatabase(database, owner: owner) { database in
      database.extensions = (prepared["extensions"]?.entries ?? []).map { name, schema in
        .members([("name", .string(name)), ("schema", schema.string.map { .string($0) })])
      }
      database.schemas = schemas.map { .string($0.key) }
    }
    if hasUsers {
      for (role, level) in [("reader", "read"), ("writer", "write")] {
        let name = "\(database)_\(role)_user"
        withUser(name) { user in
          user.passwordFrom = secret(of: name)
          user.grants.append((database, level))
        }
      }
    }
    remark(
      "prepared database \(database): roles that cannot log in (\(database)_owner, \(database)_reader, \(database)_writer) have no like; "
        + "its users get their rights by grants\(hasUsers ? "" : ", and \(owner), who owns it, can log in")")
    takeSchemas(schemas, of: database)
  }

  /// Schemas of a prepared database have roles of their own unless they say otherwise, and users where they say so.
  private mutating func takeSchemas(_ schemas: [(key: String, value: JSONValue)], of database: String) {
    let withRoles = schemas.filter { $0.value["defaultRoles"] != .bool(false) }.map(\.key)
    if !withRoles.isEmpty {
      remark(
        "prepared database \(database): roles of single schemas have no like: \(withRoles.joined(separator: ", "))")
    }
    let withUsers = schemas.filter { $0.value["defaultUsers"] == .bool(true) }.map(\.key)
    if !withUsers.isEmpty {
      remark(
        "prepared database \(database): users of single schemas are left out, since grants are for whole databases: \(withUsers.joined(separator: ", "))"
      )
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
