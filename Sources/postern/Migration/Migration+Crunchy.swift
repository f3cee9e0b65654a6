import Contract
import JSONBytes

extension Migration {
  /// A `PostgresCluster` of Crunchy's operator (its docs, "User / Database Management").
  init(crunchy manifest: Manifest) {
    self.init(
      source: "Crunchy's PostgresCluster \(manifest.name)", customer: manifest.name, namespace: manifest.ownNamespace)
    let spec = manifest.object["spec"]
    // Where no users are named, there is one of the cluster's name, with a database of that name.
    let own = JSONValue.members([("name", .string(manifest.name)), ("databases", .array([.string(manifest.name)]))])
    var superusers: [String] = []
    for entry in spec?["users"]?.array ?? [own] {
      let name = entry["name"]?.string ?? ""
      let wanted = (entry["databases"]?.array ?? []).compactMap(\.string).filter { $0 != "postgres" }
      guard name != "postgres" else {
        remark("user postgres is the superuser: \(AnnotationKey.adminSecret) names its Secret")
        superusers += wanted
        continue
      }
      withUser(name) { $0.passwordFrom = ("\(manifest.name)-pguser-\(name)", "password") }
      for database in wanted { give(database, to: name) }
      takeOptions(entry["options"]?.string ?? "", of: name)
      if let type = entry["password"]?["type"]?.string, type != "AlphaNumeric" {
        remark("user \(name): password.type has no like; passwords that Postern makes have 32 letters and digits")
      }
    }
    for database in superusers where !databases.contains(where: { $0.name == database }) {
      remark(
        "database \(database) is user postgres's alone; a superuser owns none of Postern's: declare it with the user who is to own it"
      )
    }
    if let reference = spec?["databaseInitSQL"] {
      remark(
        "databaseInitSQL (ConfigMap \(reference["name"]?.string ?? ""), key \(reference["key"]?.string ?? "")) runs as superuser by psql; what its databases' owners may do can be a script"
      )
    }
    remarkOthers(of: spec, but: ["users", "databaseInitSQL", "postgresVersion", "image"])
  }

  /// The operator's databases are the superuser's, and all their users may do everything in them.
  private mutating func give(_ database: String, to user: String) {
    guard let there = databases.first(where: { $0.name == database }) else {
      return withDatabase(database, owner: user)
    }
    guard there.owner != user,
      !users.contains(where: { $0.name == user && $0.grants.contains { $0.database == database } })
    else { return }
    remark(
      "database \(database): its first user, \(there.owner), owns it, and the others get write; the operator's databases are the superuser's"
    )
    withUser(user) { $0.grants.append((database, "write")) }
  }

  /// What CREATE ROLE would take.
  private mutating func takeOptions(_ options: String, of user: String) {
    guard let words = SQLWord.all(in: options) else {
      return remark("user \(user): options is not what CREATE ROLE takes; left out")
    }
    let own = [SQLWord.ownRole: "postgres"]
    takeOptions(
      RoleOptions(words.map(\.word)).naming { ScriptVariable.expand($0, own) }, of: user, at: "options")
  }
}
