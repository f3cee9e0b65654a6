import DatabaseSpec

extension Planner {
  /// Plans the declared databases themselves, and who may connect to `postgres`.
  mutating func planDatabases() {
    closeToPublic(Postern.database)
    tellForeignDatabases()
    for database in ownDatabases {
      if let state = observed.databases[database.name] {
        planExisting(database, state)
      } else {
        planNew(database)
      }
    }
  }

  /// Two customers of one server that declare one database would take it from each other, pass after pass. The one
  /// whose user owns it keeps it.
  private mutating func tellForeignDatabases() {
    for database in spec.databases {
      guard let customer = foreignDatabases[database.name], let state = observed.databases[database.name] else {
        continue
      }
      fail(
        .database(database.name),
        "is the customer \(customer)'s on this server, whose user \(state.owner.text) owns it, and is left as it is",
        hint: "declare a database of another name; where \(customer) gives it up: ALTER DATABASE "
          + "\(id(database.name)) OWNER TO \(id(database.owner))")
    }
  }

  /// The first owner of a new database. The objects of a copied one belong to the owner of the template, who may be another
  /// user: so the copy does too, until they are given to the declared owner.
  private func firstOwner(of database: Database) -> PostgresName {
    guard let template = database.template,
      let owner = self.database(template)?.owner ?? observed.databases[template]?.owner,
      observed.roles[owner]?.isSuperuser != true
    else { return database.owner }
    return owner
  }

  private mutating func planNew(_ database: Database) {
    if let template = database.template, let customer = foreignDatabases[template] {
      return fail(
        .database(database.name),
        "is to be a copy of \(template.text), which is the customer \(customer)'s on this server",
        hint: "take template out of the declaration, or name a database of your own")
    }
    let owner = firstOwner(of: database)
    var sql = "CREATE DATABASE \(id(database.name)) OWNER \(id(owner))"
    if let template = database.template {
      sql += " TEMPLATE \(id(template))"
    } else {
      sql += " TEMPLATE template0"
    }
    if let encoding = database.encoding { sql += " ENCODING \(SQLText.literal(encoding))" }
    // LOCALE would also say what a server of another provider sorts by, which may know no such locale.
    if let locale = database.locale {
      sql += " LC_COLLATE \(SQLText.literal(locale)) LC_CTYPE \(SQLText.literal(locale))"
    }
    if let limit = database.connectionLimit { sql += " CONNECTION LIMIT \(limit)" }
    addAlone(
      "create database", [Detail("name", database.name), Detail("owner", owner)],
      for: .database(database.name), requires: user(owner) + user(database.owner) + template(of: database), sql)
    revokeFromPublic(database.name)
  }

  /// The item of the template, if the template is a declared database.
  private func template(of database: Database) -> [Item] {
    guard let template = database.template, self.database(template) != nil else { return [] }
    return [.database(template)]
  }

  private mutating func closeToPublic(_ database: PostgresName) {
    guard let state = observed.databases[database] else { return }
    if state.isOpenToPublic || !state.publicGrantors.isEmpty { tellShutOut(of: database, state) }
    if state.isOpenToPublic { revokeFromPublic(database) }
    // Only the role that granted a privilege can revoke it.
    for grantor in state.publicGrantors.sorted() {
      // What a superuser does counts as done by the database's owner.
      guard observed.roles[grantor]?.isSuperuser != true else {
        warn(
          .database(database),
          "everybody can connect to it: \(grantor.text) allowed that before somebody made it a superuser",
          hint: "what it had given is out of a superuser's reach; as another superuser: BEGIN; ALTER ROLE "
            + "\(id(grantor)) NOSUPERUSER; SET LOCAL ROLE \(id(grantor)); REVOKE CONNECT ON DATABASE \(id(database)) "
            + "FROM PUBLIC; SET LOCAL ROLE NONE; ALTER ROLE \(id(grantor)) SUPERUSER; COMMIT")
        continue
      }
      add(
        "close database to others", [Detail("name", database), Detail("grantor", grantor)], for: .database(database),
        [
          "SET LOCAL ROLE \(id(grantor))", "REVOKE CONNECT ON DATABASE \(id(database)) FROM PUBLIC",
          "SET LOCAL ROLE NONE",
        ].sql)
    }
  }

  /// Tells which roles that nobody declares, such as a monitoring tool's, have come in by the right of everybody alone. When
  /// that is taken back nothing tells of them any more.
  private mutating func tellShutOut(of database: PostgresName, _ state: DatabaseState) {
    let names = observed.roles.keys.sorted().filter { name in
      guard let role = observed.roles[name], role.canLogIn, !role.isSuperuser else { return false }
      return user(name).isEmpty && records.roles[name] == nil && !hasOwnRight(name, state)
    }
    guard !names.isEmpty else { return }
    let first = names.prefix(5).map({ $0.text }).joined(separator: ", ")
    warn(
      .database(database),
      "\(first)\(names.count > 5 ? " and \(names.count - 5) more" : "") can connect to it no more: what everybody may is "
        + "taken back",
      hint: "who is to connect: GRANT CONNECT ON DATABASE \(id(database)) TO …, or declare it as a user with a grant")
  }

  /// Whether a role may connect to a database without the right of everybody, maybe as a member of another one.
  private func hasOwnRight(_ name: PostgresName, _ state: DatabaseState) -> Bool {
    isAny(name, by: { Array(observed.roles[$0]?.memberships ?? []) }) {
      $0 == state.owner || state.connectors.contains($0)
    }
  }

  private mutating func revokeFromPublic(_ database: PostgresName) {
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
    if state.isClosedToOwner {
      add(
        "grant connect", [Detail("name", database.owner), Detail("database", database.name)], for: item,
        requires: user(database.owner),
        ["GRANT CONNECT ON DATABASE \(id(database.name)) TO \(id(database.owner))"].sql)
    }
    closeToPublic(database.name)
    if let limit = database.connectionLimit, limit != state.connectionLimit {
      add(
        "alter database", [Detail("name", database.name), Detail("connectionLimit", "\(limit)")], for: item,
        ["ALTER DATABASE \(id(database.name)) CONNECTION LIMIT \(limit)"].sql)
    }
    if database.connectionLimit == nil, state.connectionLimit == 0 {
      warn(
        item, "takes nobody but superusers: its connection limit is 0, as it was found",
        hint: "declare a connectionLimit, where that is not meant")
    }
    if let encoding = database.encoding, !Self.isSame(encoding, state.encoding) {
      warn(item, "has the encoding \(state.encoding), not \(encoding)", hint: "it is set at creation only")
    }
    if let collation = state.changedCollation {
      warn(
        item,
        "was made with version \(collation.made) of its collation, and this system has "
          + "\(collation.present ?? "none"): indexes of texts may miss rows, and unique ones take rows twice",
        hint: "connected to it, where nothing else writes: REINDEX DATABASE \(id(database.name)); then ALTER DATABASE "
          + "\(id(database.name)) REFRESH COLLATION VERSION")
    }
    guard let locale = database.locale else { return }
    if let sorted = state.providerLocale, !Self.isSame(locale, sorted) {
      warn(
        item, "sorts by the locale \(sorted) of ICU or of the server itself, not by \(locale)",
        hint: "this server was made so (initdb --locale-provider): `locale` sets what messages, numbers and dates go by"
      )
    } else if state.providerLocale == nil, !Self.isSame(locale, state.collation) {
      warn(item, "has the locale \(state.collation), not \(locale)", hint: "it is set at creation only")
    }
  }

  /// Gives a database, and what its old owner owned there, to the declared owner. The database is last: that it still
  /// belongs to the old owner is what tells the next pass to look for more. Objects in a schema that belongs to
  /// another role stay. If the old owner is a superuser, its objects may belong to a monitoring tool as well as to the
  /// customer. Then only the database gets the new owner, and what that owner cannot read is reported.
  private mutating func changeOwner(of database: Database, _ state: DatabaseState) {
    let (name, old, requires) = (database.name, state.owner, user(database.owner))
    let details = [Detail("database", name), Detail("from", old), Detail("to", database.owner)]
    let sql = "ALTER DATABASE \(id(name)) OWNER TO \(id(database.owner))"
    guard observed.roles[old]?.isSuperuser == false else {
      return add("change owner", details, for: .database(name), requires: requires, [sql].sql)
    }
    if let transaction = state.contents?.openTransactions[old] {
      return fail(
        .database(name),
        "still belongs to \(old.text), not \(database.owner.text): an open transaction has made something that is "
          + "\(old.text)'s, and that nobody else sees yet (\(transaction))",
        hint: "the owner changes when that has ended: end it, if it only idles; \(Self.neverIdle)")
    }
    let others = database.schemas.filter { $0.owner.map { $0 != database.owner } ?? false }.map({ $0.name })
    let objects = SeparateStatements.give(old, to: database.owner, exceptSchemas: others)
    addSeparate("give objects", details, for: .objects(of: old, in: name), requires: requires, in: name, objects)
    // Two queries: what a transaction has made that ends after the first one, the second sees.
    let body = """
      DECLARE is_late boolean;
      BEGIN
      is_late := EXISTS (SELECT \(OpenTransactions.source(of: "ARRAY[\(lit(old))]")));
      IF NOT is_late THEN is_late := \(objects.count) > 0; END IF;
      IF is_late THEN
      RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = \(SQLText.literal("\(old.text) has made something meanwhile"));
      END IF;
      \(sql);
      END
      """
    add(
      "change owner", details, for: .database(name), requires: requires + [.objects(of: old, in: name)], in: name,
      ["DO \(SQLText.literal(body))"].sql)
  }

  /// Whether two spellings mean the same encoding or locale: `utf-8` is `UTF8`.
  private static func isSame(_ left: String, _ right: String) -> Bool {
    func letters(_ text: String) -> [UInt8] {
      text.utf8.filter { $0 != UInt8(ascii: "-") }.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }
    return letters(left) == letters(right)
  }
}
