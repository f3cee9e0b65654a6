import DatabaseSpec

extension Planner {
  /// What is in a database as the steps before find it. One that is still to be made is as `template0` is.
  func contents(of database: Database) -> DatabaseContents? {
    guard let state = observed.databases[database.name] else { return fresh(database) }
    return state.contents
  }

  /// Schemas and extensions.
  mutating func planContents(of database: Database) {
    guard let contents = contents(of: database) else { return }
    if contents.isPublicSchemaOpen, observed.serverVersion < 150_000 {
      add(
        "close schema to others", [Detail("name", "public"), Detail("database", database.name)],
        for: .database(database.name), in: database.name,
        ["REVOKE CREATE ON SCHEMA public FROM PUBLIC", "GRANT ALL ON SCHEMA public TO \(id(database.owner))"].sql)
    }
    for schema in database.schemas { planSchema(schema, of: database, owner: contents.schemas[schema.name]) }
    for wanted in database.extensions { planExtension(wanted, in: database.name, contents) }
  }

  private mutating func planSchema(_ schema: Schema, of database: Database, owner: PostgresName?) {
    let item = Item.schema(schema.name, in: database.name)
    let wanted = schema.owner ?? database.owner
    let details = [Detail("name", schema.name), Detail("database", database.name), Detail("owner", wanted)]
    let requires = [Item.database(database.name)] + user(wanted)
    guard schema.name != Postern.schema else {
      return fail(item, "is the schema of Postern's own records", hint: "declare a schema of another name")
    }
    guard let owner else {
      return add(
        "create schema", details, for: item, requires: requires, in: database.name,
        ["CREATE SCHEMA \(id(schema.name)) AUTHORIZATION \(id(wanted))"].sql)
    }
    // The schema `public` is its database's owner's through pg_database_owner, unless another one is declared.
    if owner != wanted, schema.owner != nil || schema.name != Postern.publicSchema {
      add(
        "change owner", details, for: item, requires: requires, in: database.name,
        ["ALTER SCHEMA \(id(schema.name)) OWNER TO \(id(wanted))"].sql)
    }
  }

  private mutating func planExtension(_ wanted: Extension, in database: PostgresName, _ contents: DatabaseContents) {
    let item = Item.extension(wanted.name, in: database)
    let details = [Detail("name", wanted.name), Detail("database", database)]
    var requires = [Item.database(database)]
    if let schema = wanted.schema, contents.schemas[schema] == nil { requires.append(.schema(schema, in: database)) }
    if let installed = contents.extensions[wanted.name] {
      if let schema = wanted.schema, schema != installed.schema {
        warn(
          item, "is in the schema \(installed.schema.text), not \(schema.text)",
          hint: "ALTER EXTENSION \(id(wanted.name)) SET SCHEMA \(id(schema)), where it can be moved")
      }
      if let version = wanted.version, !version.utf8.elementsEqual(installed.version.utf8) {
        guard isAvailable(wanted, item) else { return }
        add(
          "update extension", details + [Detail("from", installed.version), Detail("to", version)], for: item,
          requires: requires, in: database,
          ["ALTER EXTENSION \(id(wanted.name)) UPDATE TO \(SQLText.literal(version))"].sql)
      }
      return
    }
    guard isAvailable(wanted, item) else { return }
    var sql = "CREATE EXTENSION \(id(wanted.name))"
    if let schema = wanted.schema { sql += " SCHEMA \(id(schema))" }
    if let version = wanted.version { sql += " VERSION \(SQLText.literal(version))" }
    add("create extension", details, for: item, requires: requires, in: database, [sql].sql)
  }

  /// Whether the server has the extension, in the version; if not, that is a problem which lists what it has.
  private mutating func isAvailable(_ wanted: Extension, _ item: Item) -> Bool {
    guard let available = observed.availableExtensions else { return true }
    guard let versions = available[wanted.name] else {
      let names = available.keys.sorted().map({ $0.text }).joined(separator: ", ")
      fail(item, "this server does not have it", hint: "take an image that has it; this one has: \(names)")
      return false
    }
    guard let version = wanted.version, !versions.contains(where: { $0.utf8.elementsEqual(version.utf8) }) else {
      return true
    }
    fail(item, "this server does not have version \(version)", hint: "it has: \(versions.joined(separator: ", "))")
    return false
  }
}

extension Planner {
  /// What a database that is made of `template0` holds, and what privileges are missing there.
  private func fresh(_ database: Database) -> DatabaseContents? {
    guard database.template == nil else { return nil }
    var contents = DatabaseContents(isPublicSchemaOpen: true)
    contents.schemas[Postern.publicSchema] = observed.administrator
    let requests = spec.privilegeRequests(
      of: grantees[database.name], in: database.name, records: Records(), serverVersion: observed.serverVersion)
    for (role, kind, privileges) in requests.byRoleAndKind() {
      for creator in database.creators where creator != role {
        contents.gaps.append(
          .init(role: role, kind: kind, target: .future(creator: creator), privileges: privileges, isMissing: true))
      }
    }
    return contents
  }
}

extension [PrivilegeRequest] {
  /// The privileges wanted, by role and kind, in the order of the requests.
  func byRoleAndKind() -> [(PostgresName, ObjectKind, [String])] {
    var groups: [(PostgresName, ObjectKind, [String])] = []
    for request in self where request.isWanted {
      if let last = groups.last, last.0 == request.role, last.1 == request.kind {
        groups[groups.count - 1].2.append(request.privilege)
      } else {
        groups.append((request.role, request.kind, [request.privilege]))
      }
    }
    return groups
  }
}
