import DatabaseSpec

extension Planner {
  mutating func planExtension(_ wanted: Extension, in database: PostgresName, _ contents: DatabaseContents) {
    let item = Item.extension(wanted.name, in: database)
    if let installed = contents.extensions[wanted.name] {
      planInstalled(wanted, installed, item, in: database, contents)
      return
    }
    guard isAvailable(wanted, item) else { return }
    var sql = "CREATE EXTENSION \(id(wanted.name))"
    // Without a schema, the server would use the first one in the search path, which is its own.
    if let schema = wanted.schema ?? (fixedSchema(of: wanted) == nil ? Postern.publicSchema : nil) {
      guard schema != Postern.publicSchema || contents.schemas[schema] != nil else {
        return fail(item, "the database has no schema public", hint: "declare a schema for the extension")
      }
      sql += " SCHEMA \(id(schema))"
    }
    if let version = wanted.version { sql += " VERSION \(SQLText.literal(version))" }
    add(
      "create extension", [Detail("name", wanted.name), Detail("database", database)], for: item,
      requires: requirements(of: wanted.schema, in: database, contents), in: database, [sql].sql)
  }

  private mutating func planInstalled(
    _ wanted: Extension, _ installed: InstalledExtension, _ item: Item, in database: PostgresName,
    _ contents: DatabaseContents
  ) {
    let details = [Detail("name", wanted.name), Detail("database", database)]
    let isMisplaced = isMisplaced(wanted, installed)
    if let schema = wanted.schema, schema != installed.schema {
      if isMisplaced, installed.isRelocatable {
        add(
          "move extension", details + [Detail("from", installed.schema), Detail("to", schema)], for: item,
          requires: requirements(of: schema, in: database, contents), in: database,
          ["ALTER EXTENSION \(id(wanted.name)) SET SCHEMA \(id(schema))"].sql)
      } else if isMisplaced {
        warn(
          item, "is in the server's own schema pg_catalog, and cannot be moved",
          hint: "DROP EXTENSION \(id(wanted.name)), where nothing uses it: it is made anew in its right schema")
      } else {
        warn(
          item, "is in the schema \(installed.schema.text), not \(schema.text)",
          hint: "ALTER EXTENSION \(id(wanted.name)) SET SCHEMA \(id(schema)), where it can be moved")
      }
    } else if isMisplaced {
      warn(
        item, "is in the server's own schema pg_catalog, where Postern 0.1, or an administrator, has made it",
        hint: "declare its schema: public, or another one, where it is moved to; or pg_catalog, where that is meant")
    }
    if let version = wanted.version, !version.utf8.elementsEqual(installed.version.utf8) {
      guard isAvailable(wanted, item) else { return }
      // TimescaleDB refuses it where the session has done anything before, also BEGIN.
      addAlone(
        "update extension", details + [Detail("from", installed.version), Detail("to", version)], for: item,
        requires: [.database(database)], in: database,
        "ALTER EXTENSION \(id(wanted.name)) UPDATE TO \(SQLText.literal(version))")
    }
  }

  /// Whether an extension is in the server's own schema, maybe by mistake. Postern 0.1 named no schema, and the server
  /// used the first one in the search path, which is its own. Only extensions whose control file says so belong there; some
  /// administrators put others there as well, for every search path to find.
  private func isMisplaced(_ wanted: Extension, _ installed: InstalledExtension) -> Bool {
    installed.schema == Postern.catalogSchema && wanted.schema != Postern.catalogSchema
      && observed.availableExtensions?[wanted.name] != nil && fixedSchema(of: wanted) == nil
  }

  /// The schema that the control file names; nil where it names none.
  private func fixedSchema(of wanted: Extension) -> PostgresName? {
    let versions = observed.availableExtensions?[wanted.name] ?? []
    let version = versions.first { row in wanted.version?.utf8.elementsEqual(row.version.utf8) == true }
    return (version ?? versions.last)?.schema
  }

  private func requirements(
    of schema: PostgresName?, in database: PostgresName, _ contents: DatabaseContents
  ) -> [Item] {
    guard let schema, contents.schemas[schema] == nil, schema != Postern.publicSchema else {
      return [.database(database)]
    }
    return [.database(database), .schema(schema, in: database)]
  }

  /// Whether the server has the extension, in the version; if not, that is a problem.
  private mutating func isAvailable(_ wanted: Extension, _ item: Item) -> Bool {
    guard let available = observed.availableExtensions else { return true }
    guard let versions = available[wanted.name] else {
      fail(
        item, "this server does not have it",
        hint: wanted.name.nearest(among: available.keys).map { "did you mean \"\($0.text)\"?" }
          ?? "take an image that has it; SELECT name FROM pg_available_extensions lists what this one has")
      return false
    }
    guard let version = wanted.version, !versions.contains(where: { $0.version.utf8.elementsEqual(version.utf8) })
    else {
      return true
    }
    fail(
      item, "this server does not have version \(version)",
      hint: "it has: \(versions.map({ $0.version }).joined(separator: ", "))")
    return false
  }
}
