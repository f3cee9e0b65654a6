import Admission
import Contract
import JSONBytes

extension Migration {
  /// A `Cluster` of CloudNativePG and the `Database`s that name it (its docs, "Bootstrap", "Database Role Management",
  /// "PostgreSQL Database Management").
  init(cloudNativePG manifest: Manifest, _ databases: [Manifest]) {
    self.init(
      source: "CloudNativePG's Cluster \(manifest.name)", customer: manifest.name, namespace: manifest.ownNamespace)
    let spec = manifest.object["spec"]
    bootstrap(spec?["bootstrap"], cluster: manifest.name)
    for role in spec?["managed"]?["roles"]?.array ?? [] { takeRole(role) }
    for database in databases { takeDatabase(database.object["spec"]) }
    if spec?["managed"]?["services"] != nil {
      remark("managed.services: Services are yours to write, or \(AnnotationKey.service): make")
    }
    remarkOthers(of: spec, but: ["bootstrap", "managed", "imageName", "storage"])
  }

  /// `Database`s whose `Cluster` is in none of the files.
  init(cloudNativePG databases: [Manifest], cluster: String) {
    self.init(
      source: "CloudNativePG's Databases of Cluster \(cluster)", customer: cluster,
      namespace: databases.first?.ownNamespace)
    for database in databases { takeDatabase(database.object["spec"]) }
    remark("Cluster \(cluster) is in none of the files: its managed roles are missing")
  }

  private mutating func bootstrap(_ bootstrap: JSONValue?, cluster: String) {
    let kinds = ["initdb", "recovery", "pg_basebackup"]
    let kind = kinds.first { bootstrap?[$0] != nil }
    let method = kind.flatMap { bootstrap?[$0] }
    // Only a cluster made by initdb has a database where none is named.
    guard kind == nil || kind == "initdb" || method?["database"] != nil else {
      return remark("bootstrap.\(kind ?? ""): what the restored cluster holds is not in this file")
    }
    let name = method?["database"]?.string ?? "app"
    let owner = method?["owner"]?.string ?? name
    let secret = method?["secret"]?["name"]?.string ?? "\(cluster)-app"
    withUser(owner) { $0.passwordFrom = (secret, "password") }
    var scripts: [JSONValue] = []
    let all = (method?["postInitApplicationSQL"]?.array ?? []).compactMap(\.string)
    let statements = printable(all, of: "postInitApplicationSQL")
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
        "postInitApplicationSQL ran as superuser, and scripts run as the database's owner; extensions belong in extensions"
      )
    }
    withDatabase(name, owner: owner) { database in
      database.encoding = method?["encoding"]?.string
      database.locale = (method?["locale"] ?? method?["localeCollate"])?.string
      database.scripts = scripts
    }
    for key in [
      "postInitSQL", "postInitTemplateSQL", "postInitSQLRefs", "postInitTemplateSQLRefs", "import", "localeProvider",
    ]
    where method?[key] != nil {
      remark("bootstrap.\(kind ?? "initdb").\(key) has no like")
    }
  }

  /// The statements that can stand in an annotation. The numbers of the others, from 1, are told.
  private mutating func printable(_ statements: [String], of place: String) -> [String] {
    func numbers(_ isLeftOut: (String) -> Bool) -> String {
      statements.enumerated().filter { isLeftOut($0.element) }.map { "\($0.offset + 1)" }.joined(separator: ", ")
    }
    let secret = numbers(SecretSigns.areIn)
    if !secret.isEmpty {
      remark(
        "\(place): statements that may hold a password or another secret are left out (\(secret)); what a database's owner may do "
          + "goes into a Secret, and scripts name it")
    }
    let clean = statements.filter { !SecretSigns.areIn($0) }
    let refused = numbers { clean.contains($0) && InlineScript.isRefused($0) }
    if !refused.isEmpty {
      remark("\(place): statements that Postern takes in no script are left out (\(refused))")
    }
    return clean.filter { !InlineScript.isRefused($0) }
  }

  private mutating func takeRole(_ role: JSONValue) {
    let name = role["name"]?.string ?? ""
    guard name != "postgres" else {
      return remark("managed role postgres is the superuser: \(AnnotationKey.adminSecret) names its Secret")
    }
    withUser(name) { user in
      user.isAbsent = role["ensure"]?.string == "absent"
      user.connectionLimit = role["connectionLimit"]?.integer.flatMap { $0 < 0 ? nil : $0 }
      user.validUntil = role["validUntil"]?.string
      user.memberOf = (role["inRoles"]?.array ?? []).compactMap(\.string)
      if let secret = role["passwordSecret"]?["name"]?.string { user.passwordFrom = (secret, "password") }
    }
    var powers = ["superuser", "createdb", "createrole", "replication", "bypassrls"].filter { role[$0] == .bool(true) }
    if role["login"] != .bool(true) { powers.append("nologin") }
    if role["inherit"] == .bool(false) { powers.append("noinherit") }
    if role["disablePassword"] == .bool(true) { powers.append("no password") }
    if role["ensure"]?.string != "absent" { remarkPowers(powers, of: name) }
  }

  private mutating func takeDatabase(_ spec: JSONValue?) {
    let name = spec?["name"]?.string ?? ""
    let owner = spec?["owner"]?.string ?? name
    guard spec?["ensure"]?.string != "absent" else {
      return remark("database \(name) is to be absent; Postern drops no database")
    }
    if !users.contains(where: { $0.name == owner }) { withUser(owner) }
    func present(_ list: String) -> [JSONValue] {
      (spec?[list]?.array ?? []).filter { $0["ensure"]?.string != "absent" }
    }
    withDatabase(name, owner: owner) { database in
      database.owner = owner
      database.encoding = spec?["encoding"]?.string
      database.locale = (spec?["locale"] ?? spec?["localeCollate"])?.string
      database.template = spec?["template"]?.string
      database.connectionLimit = spec?["connectionLimit"]?.integer.flatMap { $0 < 0 ? nil : $0 }
      database.extensions = present("extensions").map { entry in
        .members([("name", entry["name"]), ("schema", entry["schema"]), ("version", entry["version"])])
      }
      database.schemas = present("schemas").map { .members([("name", $0["name"]), ("owner", $0["owner"])]) }
    }
    for key in [
      "tablespace", "isTemplate", "allowConnections", "fdws", "servers", "localeProvider", "databaseReclaimPolicy",
    ]
    where spec?[key] != nil {
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
