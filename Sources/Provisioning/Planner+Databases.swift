import DatabaseSpec

extension Planner {
  /// The declared databases themselves, and who may connect to `postgres`.
  mutating func planDatabases() {
    if observed.databases[Postern.database]?.isOpenToPublic == true { closeToPublic(Postern.database) }
    for database in spec.databases {
      if let state = observed.databases[database.name] {
        planExisting(database, state)
      } else {
        planNew(database)
      }
    }
  }

  private mutating func planNew(_ database: Database) {
    var sql = "CREATE DATABASE \(id(database.name)) OWNER \(id(database.owner))"
    if let template = database.template {
      sql += " TEMPLATE \(id(template))"
    } else {
      sql += " TEMPLATE template0"
    }
    if let encoding = database.encoding { sql += " ENCODING \(SQLText.literal(encoding))" }
    if let locale = database.locale { sql += " LOCALE \(SQLText.literal(locale))" }
    if let limit = database.connectionLimit { sql += " CONNECTION LIMIT \(limit)" }
    addAlone(
      "create database", [Detail("name", database.name), Detail("owner", database.owner)],
      for: .database(database.name), requires: user(database.owner) + template(of: database), sql)
    closeToPublic(database.name)
  }

  /// The item of the declared database that one is copied from.
  private func template(of database: Database) -> [Item] {
    guard let template = database.template, self.database(template) != nil else { return [] }
    return [.database(template)]
  }

  private mutating func closeToPublic(_ database: PostgresName) {
    add(
      "close database to others", [Detail("name", database)], for: .database(database),
      ["REVOKE CONNECT ON DATABASE \(id(database)) FROM PUBLIC"].sql)
  }

  private mutating func planExisting(_ database: Database, _ state: DatabaseState) {
    let item = Item.database(database.name)
    guard !state.isDropInterrupted else {
      return fail(
        item, "a DROP DATABASE of it was interrupted, and it cannot be used any more",
        hint: "finish it: DROP DATABASE \(id(database.name)); it is made anew then")
    }
    guard state.allowsConnections else {
      return fail(
        item, "does not allow connections",
        hint: "ALTER DATABASE \(id(database.name)) ALLOW_CONNECTIONS true, if that is not meant")
    }
    if state.owner != database.owner { changeOwner(of: database, state) }
    if state.isOpenToPublic { closeToPublic(database.name) }
    if let limit = database.connectionLimit, limit != state.connectionLimit {
      add(
        "alter database", [Detail("name", database.name), Detail("connectionLimit", "\(limit)")], for: item,
        ["ALTER DATABASE \(id(database.name)) CONNECTION LIMIT \(limit)"].sql)
    }
    if let encoding = database.encoding, !Self.isSame(encoding, state.encoding) {
      warn(item, "has the encoding \(state.encoding), not \(encoding)", hint: "it is set at creation only")
    }
    if let locale = database.locale, !Self.isSame(locale, state.collation) {
      warn(item, "has the locale \(state.collation), not \(locale)", hint: "it is set at creation only")
    }
  }

  /// Gives a database, and what the old owner owned there, to the declared owner. REASSIGN OWNED also moves the other
  /// databases of the old owner, so the same transaction moves them back. Nothing can be reassigned of a superuser,
  /// who owns the catalogs as well, and what it made may be a monitor's as well as the customer's: then the database
  /// alone changes hands, and people are told.
  private mutating func changeOwner(of database: Database, _ state: DatabaseState) {
    let new = id(database.owner)
    var statements: [String] = []
    if observed.roles[state.owner]?.isSuperuser == false {
      statements.append("REASSIGN OWNED BY \(id(state.owner)) TO \(new)")
      statements += observed.databases.keys.sorted()
        .filter { $0 != database.name && observed.databases[$0]?.owner == state.owner }
        .map { "ALTER DATABASE \(id($0)) OWNER TO \(id(state.owner))" }
    }
    if observed.isSuperusers(database), let count = state.contents?.superuserRelations, count > 0 {
      warn(
        .database(database.name),
        "came from the superuser \(state.owner.text), who still owns \(count) tables, views or sequences in it",
        hint: "give \(database.owner.text) those that it needs: ALTER TABLE … OWNER TO \(new)")
    }
    statements.append("ALTER DATABASE \(id(database.name)) OWNER TO \(new)")
    add(
      "change owner",
      [Detail("database", database.name), Detail("from", state.owner), Detail("to", database.owner)],
      for: .database(database.name), requires: user(database.owner), in: database.name, statements.sql)
  }

  /// Whether two spellings mean one encoding or locale: `utf-8` is `UTF8`.
  private static func isSame(_ left: String, _ right: String) -> Bool {
    func letters(_ text: String) -> [UInt8] {
      text.utf8.filter { $0 != UInt8(ascii: "-") }.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }
    return letters(left) == letters(right)
  }
}
