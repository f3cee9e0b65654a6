import Admission
import Contract
import JSONBytes

extension Migration {
  /// What of CloudNativePG's objects belongs to one `Cluster`.
  struct CloudNativePGParts {
    /// Nil where the `Cluster` is in none of the files.
    var cluster: Manifest?
    var databases: [Manifest] = []
    var roles: [Manifest] = []
  }

  /// A `Cluster` of CloudNativePG, and the `Database`s and `DatabaseRole`s that name it (its docs, "Bootstrap", "PostgreSQL
  /// Role Management", "PostgreSQL Database Management").
  init(cloudNativePG parts: CloudNativePGParts, named name: String, namespace: String?) {
    self.init(
      source: parts.cluster == nil
        ? "CloudNativePG's Databases and DatabaseRoles of Cluster \(name)" : "CloudNativePG's Cluster \(name)",
      customer: name, namespace: namespace)
    let spec = parts.cluster?.object["spec"]
    var defaults = MigratedLocale()
    if parts.cluster == nil {
      remark(
        "Cluster \(name) is in none of the files: its managed roles, and the encoding and locale of its databases, are missing"
      )
    } else {
      defaults = bootstrap(spec?["bootstrap"], cluster: name)
    }
    var managed: Set<String> = []
    for role in spec?["managed"]?["roles"]?.array ?? [] {
      managed.insert(role["name"]?.string ?? "")
      takeRole(role)
    }
    for role in parts.roles { takeRole(of: role, unless: managed) }
    for database in parts.databases { takeDatabase(database.object["spec"], defaults) }
    if spec?["managed"]?["services"] != nil {
      remark("managed.services: Services are yours to write, or \(AnnotationKey.service): make")
    }
    remarkOthers(of: spec, but: ["bootstrap", "managed", "imageName", "storage"])
  }

  // MARK: Bootstrap

  /// - Returns: the encoding and locale of databases that say nothing of them.
  private mutating func bootstrap(_ bootstrap: JSONValue?, cluster: String) -> MigratedLocale {
    let kinds = ["initdb", "recovery", "pg_basebackup"]
    let kind = kinds.first { bootstrap?[$0] != nil } ?? "initdb"
    let method = bootstrap?[kind]
    for other in kinds where other != kind && bootstrap?[other] != nil {
      remark("bootstrap.\(other): \(kind) stands beside it")
    }
    guard kind == "initdb" else {
      guard method?["database"] != nil else {
        remark(
          "bootstrap.\(kind): what the restored cluster holds is not in this file; --from-url reads it from the server")
        return MigratedLocale()
      }
      let name = method?["database"]?.string ?? "app"
      takeApplication(name, method, cluster: cluster)
      return MigratedLocale()
    }
    var defaults = MigratedLocale(method)
    if method?["options"] != nil {
      remark("bootstrap.initdb.options has no like, and what it sets instead of encoding and locale is not read")
      defaults = MigratedLocale()
    } else {
      defaults.encoding = defaults.encoding ?? "UTF8"
      // What initdb gets where neither is given.
      if defaults.locale == nil {
        defaults.collate = defaults.collate ?? "C"
        defaults.characterType = defaults.characterType ?? "C"
      }
    }
    let name = method?["database"]?.string ?? "app"
    takeApplication(name, method, cluster: cluster)
    let scripts = initScripts(method, database: name, owner: method?["owner"]?.string ?? name)
    let (locale, remarks) = defaults.declared
    for text in remarks { remark("bootstrap.initdb: \(text)") }
    withDatabase(name, owner: method?["owner"]?.string ?? name) { database in
      database.encoding = defaults.encoding
      database.locale = locale
      database.scripts = scripts
    }
    let hasLike: Set = [
      "database", "owner", "secret", "encoding", "postInitSQL", "postInitApplicationSQL", "postInitApplicationSQLRefs",
      "options",
    ]
    for (key, _) in method?.entries ?? [] where !hasLike.contains(key) && !MigratedLocale.keys.contains(key) {
      remark("bootstrap.initdb.\(key) has no like")
    }
    return defaults
  }

  private mutating func takeApplication(_ name: String, _ method: JSONValue?, cluster: String) {
    let owner = method?["owner"]?.string ?? name
    let secret = method?["secret"]?["name"]?.string ?? "\(cluster)-app"
    withUser(owner) { $0.passwordFrom = (secret, "password") }
    withDatabase(name, owner: owner)
  }

  private mutating func initScripts(_ method: JSONValue?, database: String, owner: String) -> [JSONValue] {
    var scripts: [JSONValue] = []
    let place = "bootstrap.initdb.postInit"
    let onServer = (method?["postInitSQL"]?.array ?? []).compactMap(\.string)
    var server = InitServer(InitEnvironment(superuser: "postgres", database: "postgres", owner: nil))
    let others = takeInitStatements(onServer, of: "\(place)SQL", &server)
    if !others.isEmpty { remark("\(place)SQL: statements that have no like are left out (\(Self.numbers(others)))") }
    settle(&server)
    let all = (method?["postInitApplicationSQL"]?.array ?? []).compactMap(\.string)
    server = InitServer(InitEnvironment(superuser: "postgres", database: database, owner: owner))
    let rest = takeInitStatements(all, of: "\(place)ApplicationSQL", &server)
    settle(&server)
    let statements = printable(all, rest, of: "\(place)ApplicationSQL")
    if !statements.isEmpty {
      scripts.append(
        MigratedDatabase.script("post-init", sql: statements.map { "\($0.trimmed);" }.joined(separator: "\n") + "\n"))
    }
    for (list, kind) in [("secretRefs", "secret"), ("configMapRefs", "configMap")] {
      for reference in method?["postInitApplicationSQLRefs"]?[list]?.array ?? [] {
        guard let object = reference["name"]?.string, let key = reference["key"]?.string else { continue }
        scripts.append(MigratedDatabase.script("\(object)-\(key)", kind, object: object, key: key))
      }
    }
    if !scripts.isEmpty {
      remark(
        "postInitApplicationSQL ran as superuser, and scripts run as the database's owner"
      )
    }
    return scripts
  }

  /// Of some statements those that can stand in an annotation. The numbers of the others, from 1, are told.
  private mutating func printable(_ statements: [String], _ indices: [Int], of place: String) -> [String] {
    let secret = indices.filter { SecretSigns.areIn(statements[$0]) }
    let refused = indices.filter { !secret.contains($0) && InlineScript.isRefused(statements[$0]) }
    if !secret.isEmpty {
      remark(
        "\(place): statements that may hold a password or another secret are left out (\(Self.numbers(secret))); what a database's "
          + "owner may do goes into a Secret, and scripts name it")
    }
    if !refused.isEmpty {
      remark("\(place): statements that Postern takes in no script are left out (\(Self.numbers(refused)))")
    }
    return indices.filter { !secret.contains($0) && !refused.contains($0) }.map { statements[$0] }
  }

  private static func numbers(_ indices: [Int]) -> String { indices.map { "\($0 + 1)" }.joined(separator: ", ") }

  // MARK: Roles

  private mutating func takeRole(of manifest: Manifest, unless managed: Set<String>) {
    let spec = manifest.object["spec"] ?? .null
    let name = spec["name"]?.string ?? ""
    guard !managed.contains(name) else {
      return remark("DatabaseRole \(manifest.name): role \(name) is among managed.roles, which go before it; left out")
    }
    takeRole(spec)
    if spec["databaseRoleReclaimPolicy"]?.string == "delete" {
      remark(
        "DatabaseRole \(manifest.name): databaseRoleReclaimPolicy has no like; \(AnnotationKey.removedUsers): drop is for all users"
      )
    }
    if let certificate = spec["clientCertificate"], certificate["enabled"] != .bool(false) {
      remark("DatabaseRole \(manifest.name): clientCertificate has no like; Postern's users log in with passwords")
    }
    if spec["password"] != nil {
      remark(
        "DatabaseRole \(manifest.name): password is not read; passwordFrom names a Secret that is there, and rotate lets a "
          + "password turn by itself")
    }
  }

  private mutating func takeRole(_ role: JSONValue) {
    let name = role["name"]?.string ?? ""
    guard name != "postgres" else {
      return remark("managed role postgres is the superuser: \(AnnotationKey.adminSecret) names its Secret")
    }
    let isAbsent = role["ensure"]?.string == "absent"
    withUser(name) { user in
      user.isAbsent = isAbsent
      user.connectionLimit = role["connectionLimit"]?.integer.flatMap { $0 < 0 ? nil : $0 }
      user.validUntil = role["validUntil"]?.string
      user.memberOf = (role["inRoles"]?.array ?? []).compactMap(\.string)
      if let secret = role["passwordSecret"]?["name"]?.string { user.passwordFrom = (secret, "password") }
      if isAbsent { user = MigratedUser(name: name, isAbsent: true) }
    }
    var powers = ["superuser", "createdb", "createrole", "replication", "bypassrls"].filter { role[$0] == .bool(true) }
    if role["login"] != .bool(true) { powers.append("nologin") }
    if role["inherit"] == .bool(false) { powers.append("noinherit") }
    if role["disablePassword"] == .bool(true) { powers.append("no password") }
    if !isAbsent { remarkPowers(powers, of: name) }
    if role["comment"]?.string?.isEmpty == false { remark("user \(name): comment has no like") }
  }

  // MARK: Databases

  private mutating func takeDatabase(_ spec: JSONValue?, _ defaults: MigratedLocale) {
    let name = spec?["name"]?.string ?? ""
    let owner = spec?["owner"]?.string ?? name
    guard spec?["ensure"]?.string != "absent" else {
      return remark("database \(name) is to be absent; Postern drops no database")
    }
    func present(_ list: String) -> [JSONValue] {
      (spec?[list]?.array ?? []).filter { $0["ensure"]?.string != "absent" }
    }
    // A copy has what its template has: unless that is another one, what the cluster was made with.
    let template = spec?["template"]?.string
    let own = MigratedLocale(spec)
    let all = ["template0", "template1", nil].contains(template) ? own.completed(by: defaults) : own
    let (locale, remarks) = all.declared
    for text in remarks { remark("database \(name): \(text)") }
    if owner != "postgres" { withUser(owner) }
    withDatabase(name, owner: owner) { database in
      database.owner = owner
      database.encoding = all.encoding ?? database.encoding
      database.locale = locale ?? database.locale
      database.template = template == "template1" ? nil : template ?? database.template
      if let limit = spec?["connectionLimit"]?.integer { database.connectionLimit = limit < 0 ? nil : limit }
      // The bootstrap's statements may have made others before.
      func merged(_ before: [JSONValue], _ list: String, _ keys: String...) -> [JSONValue] {
        let named = Set((spec?[list]?.array ?? []).compactMap { $0["name"]?.string })
        return before.filter { !named.contains($0["name"]?.string ?? "") }
          + present(list).map { entry in .members(keys.map { ($0, entry[$0]) }) }
      }
      database.extensions = merged(database.extensions, "extensions", "name", "schema", "version")
      database.schemas = merged(database.schemas, "schemas", "name", "owner")
    }
    for schema in present("schemas") {
      if let owner = schema["owner"]?.string { withUser(owner) }
    }
    for list in ["extensions", "schemas"] {
      let absent = (spec?[list]?.array ?? []).filter { $0["ensure"]?.string == "absent" }.compactMap {
        $0["name"]?.string
      }
      if !absent.isEmpty {
        remark("database \(name): Postern drops none of \(list): \(absent.joined(separator: ", "))")
      }
    }
    let isSet: [(key: String, isSet: Bool)] = [
      ("tablespace", spec?["tablespace"] != nil), ("isTemplate", spec?["isTemplate"] == .bool(true)),
      ("allowConnections", spec?["allowConnections"] == .bool(false)), ("fdws", spec?["fdws"] != nil),
      ("servers", spec?["servers"] != nil),
      ("databaseReclaimPolicy", spec?["databaseReclaimPolicy"]?.string == "delete"),
    ]
    for (key, isSet) in isSet where isSet {
      remark(
        "database \(name): \(key) has no like\(key == "databaseReclaimPolicy" ? ", since Postern drops no database" : "")"
      )
    }
  }
}

extension String {
  /// The text without white space and semicolons at its end.
  fileprivate var trimmed: Substring {
    var rest = self[...]
    while let last = rest.last, last.isWhitespace || last == ";" { rest.removeLast() }
    return rest
  }
}
