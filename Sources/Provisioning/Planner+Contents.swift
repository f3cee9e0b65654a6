import DatabaseSpec

extension Planner {
  /// The contents of a database when these steps run. A database that does not exist yet will be a copy of `template0`.
  func contents(of database: Database) -> DatabaseContents? {
    guard let state = observed.databases[database.name] else { return fresh(database) }
    return state.contents
  }

  /// Plans schemas and extensions.
  mutating func planContents(of database: Database) {
    guard let contents = contents(of: database) else { return }
    planPublicSchema(of: database, contents)
    tellUncovered(database, contents)
    tellDefiners(database, contents)
    tellInvalidIndexes(database, contents)
    for schema in database.schemas { planSchema(schema, of: database, owner: contents.schemas[schema.name]) }
    for wanted in database.extensions { planExtension(wanted, in: database.name, contents) }
  }

  /// Relations that others created, an administrator or an undeclared role, belong to them. They are reported as long
  /// as they exist.
  private mutating func tellUncovered(_ database: Database, _ contents: DatabaseContents) {
    for relations in contents.uncovered where !isGivingUp(relations.owner, in: database) {
      warn(
        .database(database.name),
        "\(relations.owner.text) owns \(relations.count) tables, views or sequences in it that the database's owner, or "
          + "who has grants, cannot read\(relations.examples)",
        hint: "give them to \(database.owner.text) (ALTER TABLE … OWNER TO \(id(database.owner))), or declare "
          + "\(relations.owner.text) as a member of it")
    }
    for schemas in contents.closedSchemas where !isGivingUp(schemas.owner, in: database) {
      warn(
        .database(database.name),
        "\(schemas.owner.text) owns \(schemas.count) schemas in it of which the database's owner, or who has grants, may read "
          + "tables, views or sequences, but not use the schema\(schemas.examples)",
        hint:
          "give them to \(database.owner.text) (ALTER SCHEMA … OWNER TO \(id(database.owner))), or GRANT USAGE ON SCHEMA"
      )
    }
  }

  /// Everybody may call a routine unless its owner says otherwise.
  private mutating func tellDefiners(_ database: Database, _ contents: DatabaseContents) {
    for routines in contents.definers {
      warn(
        .database(database.name),
        "users whose grant is read may call \(routines.count) SECURITY DEFINER routines of \(routines.owner.text), which "
          + "do what \(routines.owner.text) may\(routines.examples)",
        hint: "if they write: REVOKE EXECUTE ON ROUTINE … FROM PUBLIC, and from these users")
    }
  }

  /// CREATE INDEX CONCURRENTLY leaves such an index where it fails, and IF NOT EXISTS then passes over it.
  private mutating func tellInvalidIndexes(_ database: Database, _ contents: DatabaseContents) {
    for indexes in contents.invalidIndexes {
      warn(
        .database(database.name),
        "\(indexes.owner.text) has \(indexes.count) indexes in it that are not valid, as where CREATE INDEX CONCURRENTLY "
          + "was cut off: no query uses them\(indexes.examples)",
        hint: "REINDEX INDEX CONCURRENTLY, or DROP INDEX CONCURRENTLY and make them again")
    }
  }

  /// Whether this plan gives what a role owns in a database to the database's owner.
  private func isGivingUp(_ role: PostgresName, in database: Database) -> Bool {
    if let user = records.roles[role]?.loginOf, spec.users.contains(where: { $0.name == user }) { return true }
    guard observed.roles[role]?.isSuperuser != true else { return false }
    return observed.databases[database.name]?.owner == role && role != database.owner
      || spec.users.contains { $0.name == role && $0.ensure == .absent }
      || spec.removedUsers == .drop && undeclaredRoles.contains { $0.name == role }
  }

  /// A schema `public` that belongs to a superuser comes from a version before 15 and was kept by pg_upgrade or a dump:
  /// it is open to everybody, or closed even to the database's owner. It is changed to what version 15 creates: it
  /// belongs to the owner, through pg_database_owner, and is closed. If an owner opens it later, Postern leaves that
  /// alone.
  private mutating func planPublicSchema(of database: Database, _ contents: DatabaseContents) {
    guard let owner = contents.schemas[Postern.publicSchema] else { return }
    let isDeclared = database.schemas.contains { $0.name == Postern.publicSchema && $0.owner != nil }
    guard observed.roles[owner]?.isSuperuser == true, !isDeclared || contents.isPublicSchemaOpen else {
      return tellPublicSchema(of: database, contents, owner: isDeclared ? nil : owner)
    }
    var statements = contents.isPublicSchemaOpen ? ["REVOKE CREATE ON SCHEMA public FROM PUBLIC"] : []
    if observed.roles[Postern.databaseOwner] != nil {
      statements.append("ALTER SCHEMA public OWNER TO pg_database_owner")
    } else if contents.isPublicSchemaOpen {
      statements.append("GRANT ALL ON SCHEMA public TO \(id(database.owner))")
    }
    guard !statements.isEmpty else { return }
    add(
      "close schema to others", [Detail("name", "public"), Detail("database", database.name)],
      for: .database(database.name), in: database.name, statements.sql)
  }

  /// Tells of a schema `public` that is not as version 15 makes it, and may be meant to be so: restored from another place, it can
  /// belong to a role that is nobody here, and what everybody may make in it, its owner calls.
  private mutating func tellPublicSchema(of database: Database, _ contents: DatabaseContents, owner: PostgresName?) {
    if let owner, ![database.owner, Postern.databaseOwner].contains(owner), !isGivingUp(owner, in: database) {
      warn(
        .database(database.name),
        "the schema public in it belongs to \(owner.text), so that the database's owner may have no rights in it",
        hint: "ALTER SCHEMA public OWNER TO pg_database_owner, as PostgreSQL 15 makes it; or declare its owner")
    }
    if contents.isPublicSchemaOpen,
      spec.users.contains(where: { $0.name != database.owner && $0.level(on: database.name) == .read })
    {
      warn(
        .database(database.name),
        "everybody may make objects in its schema public, also users whose grant is read",
        hint: "REVOKE CREATE ON SCHEMA public FROM PUBLIC, as PostgreSQL 15 makes it")
    }
  }

  private mutating func planSchema(_ schema: Schema, of database: Database, owner: PostgresName?) {
    let item = Item.schema(schema.name, in: database.name)
    let wanted = schema.owner ?? database.owner
    let details = [Detail("name", schema.name), Detail("database", database.name), Detail("owner", wanted)]
    let requires = [Item.database(database.name)] + user(wanted)
    guard schema.name != Postern.schema else {
      return fail(item, "is the schema of Postern's own records", hint: "declare a schema of another name")
    }
    // The schema's owner must be able to connect to the database.
    if wanted != database.owner, observed.databases[database.name]?.connectors.contains(wanted) != true,
      spec.users.first(where: { $0.name == wanted })?.level(on: database.name) == nil
    {
      add(
        "grant connect", [Detail("name", wanted), Detail("database", database.name)], for: item, requires: requires,
        ["GRANT CONNECT ON DATABASE \(id(database.name)) TO \(id(wanted))"].sql)
    }
    guard let owner else {
      return add(
        "create schema", details, for: item, requires: requires, in: database.name,
        ["CREATE SCHEMA \(id(schema.name)) AUTHORIZATION \(id(wanted))"].sql)
    }
    // The schema `public` belongs to the database's owner through pg_database_owner, unless another owner is declared.
    if owner != wanted, schema.owner != nil || schema.name != Postern.publicSchema {
      // First, because that the schema is still this role's is what tells of it.
      if connectsBySchemas(owner, to: database) {
        add(
          "revoke connect", [Detail("name", owner), Detail("database", database.name)], for: item, requires: requires,
          ["REVOKE CONNECT ON DATABASE \(id(database.name)) FROM \(id(owner)) CASCADE"].sql)
      }
      add(
        "change owner", details, for: item, requires: requires, in: database.name,
        ["ALTER SCHEMA \(id(schema.name)) OWNER TO \(id(wanted))"].sql)
    }
  }

  /// Whether a declared user who owns a schema of a database may connect to it by that alone, and owns none that is declared
  /// as its own. What a grant gave, ``planExclusions()`` takes back.
  private func connectsBySchemas(_ owner: PostgresName, to database: Database) -> Bool {
    guard let user = spec.users.first(where: { $0.name == owner && $0.ensure == .present }),
      let role = observed.roles[owner], records.roles[owner]?.isAbout(role) == true, !role.isSuperuser,
      otherCustomer(of: owner) == nil, let state = observed.databases[database.name]
    else { return false }
    return state.connectors.contains(owner) && ![state.owner, database.owner].contains(owner)
      && user.level(on: database.name) == nil && records.grants[owner]?[database.name] == nil
      && !database.schemas.contains { $0.owner == owner }
  }
}

extension Planner {
  /// The contents of a new database that is made from `template0`, with the privileges that it lacks.
  private func fresh(_ database: Database) -> DatabaseContents? {
    guard database.template == nil else { return nil }
    // Whether template0's schema is open depends on initdb, not on the data: 15 was the first version that closed it.
    let isOpen = observed.serverVersion < 150_000
    var contents = DatabaseContents(isPublicSchemaOpen: isOpen)
    contents.schemas[Postern.publicSchema] = isOpen ? observed.administrator : Postern.databaseOwner
    let requests = grantees.privilegeRequests(
      in: database.name, declared: database, records: Records(), serverVersion: observed.serverVersion)
    let makers = grantees.makers(of: database)
    for group in requests.byRoleAndKind() where !group.isSafe {
      for maker in makers where maker.name != group.role && (maker.isMember || !group.isOfMembersOnly) {
        contents.gaps.append(
          .init(
            role: group.role, kind: group.kind, target: .future(of: id(maker.name)), privileges: group.privileges,
            isMissing: true))
      }
    }
    return contents
  }
}

/// The privileges on one kind of object that a role must have.
struct PrivilegeGroup {
  var role: PostgresName
  var kind: ObjectKind
  var isOfMembersOnly: Bool
  var isSafe: Bool
  var privileges: [String]
}

extension [PrivilegeRequest] {
  /// The wanted privileges, by role and kind, in the order of the requests.
  func byRoleAndKind() -> [PrivilegeGroup] {
    var groups: [PrivilegeGroup] = []
    for request in self where request.isWanted {
      if let last = groups.last, last.role == request.role, last.kind == request.kind {
        groups[groups.count - 1].privileges.append(request.privilege)
      } else {
        groups.append(
          PrivilegeGroup(
            role: request.role, kind: request.kind, isOfMembersOnly: request.isOfMembersOnly,
            isSafe: request.isSafe, privileges: [request.privilege]))
      }
    }
    return groups
  }
}
