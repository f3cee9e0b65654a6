import Contract
import DatabaseSpec

extension DeclarationReader {
  private static let databaseKeys = [
    "name", "owner", "extensions", "schemas", "encoding", "locale", "template", "connectionLimit", "scripts",
  ]

  /// Reads `postern.io/databases`.
  mutating func databases(_ text: String) -> DeclaredList<DeclaredDatabase> {
    var list = DeclaredList<DeclaredDatabase>()
    guard let entries = entries(of: text, annotation: AnnotationKey.databases) else {
      list.isComplete = false
      return list
    }
    for entry in entries {
      if let database = database(entry) { list.elements.append(database) } else { list.isComplete = false }
    }
    refuseDuplicates(list.elements.map(\.name), of: "database")
    return list
  }

  private mutating func database(_ node: YAMLNode) -> DeclaredDatabase? {
    switch shortName(node, of: "a database") {
    case .refused: return nil
    case .name(let name):
      check(name)
      return DeclaredDatabase(name: name)
    case .none: break
    }
    guard let members = members(node, known: Self.databaseKeys, expected: "a database") else { return nil }
    // All parts are read even where the name is wrong, so that all errors come together.
    let name = members["name"].flatMap { self.name($0, of: "a database") }
    let owner = members["owner"].flatMap { self.name($0, of: "a user") }
    let schemas = members["schemas"].map { self.schemas($0) } ?? []
    let extensions = members["extensions"].map { self.extensions($0, schemas: schemas.map(\.name.value)) } ?? []
    let encoding = members["encoding"].flatMap { self.encoding($0) }
    let locale = members["locale"].flatMap { line($0, expected: "a locale such as C.UTF-8") }
    let template = members["template"].flatMap { self.template($0) }
    let connectionLimit = members["connectionLimit"].flatMap { self.connectionLimit($0) }
    let scripts = members["scripts"].map { self.scripts($0, of: name?.value) } ?? []
    guard let name else {
      if members["name"] == nil {
        problems.error(node.place, "a database has no name", hint: "add \"name: NAME\"")
      }
      return nil
    }
    check(name)
    if let template, template == name.value, let place = members["template"]?.place {
      problems.error(place, "a database cannot be its own template", hint: "remove template")
    }
    return DeclaredDatabase(
      name: name, owner: owner, extensions: extensions, schemas: schemas, encoding: encoding, locale: locale,
      template: template, connectionLimit: connectionLimit, scripts: scripts)
  }

  private mutating func check(_ name: Located<PostgresName>) {
    if let reason = name.value.reservedAsDatabase {
      problems.error(name.place, "this database cannot be declared: \(reason)", hint: "choose another name")
    } else {
      warnOfKeyword(name)
    }
  }

  /// Warns of a name that `pg_hba.conf` reads as a keyword.
  mutating func warnOfKeyword(_ name: Located<PostgresName>) {
    guard name.value.isHBAKeyword else { return }
    problems.warn(
      name.place, "\(quoted(name.value.text)) is a keyword in pg_hba.conf",
      hint: "quote it there, or choose another name")
  }

  // MARK: Parts

  private mutating func extensions(_ node: YAMLNode, schemas: [PostgresName]) -> [Extension] {
    let known = Set(schemas + Self.schemasOfTheServer)
    var names: [Located<PostgresName>] = []
    var extensions: [Extension] = []
    for element in elements(node, expected: "a list of extensions") {
      switch shortName(element, of: "an extension") {
      case .refused: continue
      case .name(let name):
        names.append(name)
        extensions.append(Extension(name: name.value))
        continue
      case .none: break
      }
      guard let members = members(element, known: ["name", "schema", "version"], expected: "an extension") else {
        continue
      }
      let schema = members["schema"].flatMap { name($0, of: "a schema") }
      let version = members["version"].flatMap { line($0, expected: "a version such as \"1.6\"") }
      guard let name = requiredName(members, of: "an extension", at: element.place) else { continue }
      if let schema, !known.contains(schema.value) {
        problems.warn(
          schema.place, "the schema \(quoted(schema.value.text)) is not declared in this database",
          hint: Suggestion.didYouMean(schema.value.text, among: schemas.lazy.map(\.text)) ?? "add it to schemas")
      }
      names.append(name)
      extensions.append(Extension(name: name.value, schema: schema?.value, version: version))
    }
    refuseDuplicates(names, of: "extension")
    return extensions
  }

  private static let schemasOfTheServer = ["public", "pg_catalog"].compactMap { try? PostgresName($0) }

  private mutating func schemas(
    _ node: YAMLNode
  ) -> [(name: Located<PostgresName>, owner: Located<PostgresName>?)] {
    var schemas: [(name: Located<PostgresName>, owner: Located<PostgresName>?)] = []
    for element in elements(node, expected: "a list of schemas") {
      switch shortName(element, of: "a schema") {
      case .refused: continue
      case .name(let name):
        if isAllowedSchema(name) { schemas.append((name, nil)) }
        continue
      case .none: break
      }
      guard let members = members(element, known: ["name", "owner"], expected: "a schema") else { continue }
      let owner = members["owner"].flatMap { name($0, of: "a user") }
      guard let name = requiredName(members, of: "a schema", at: element.place), isAllowedSchema(name) else { continue }
      schemas.append((name, owner))
    }
    refuseDuplicates(schemas.map(\.name), of: "schema")
    return schemas
  }

  private mutating func isAllowedSchema(_ name: Located<PostgresName>) -> Bool {
    let text = name.value.text
    if text == "public" {
      problems.error(
        name.place, "the schema \"public\" cannot be declared: it is there already, and the database's owner owns it",
        hint: "remove it")
      return false
    }
    guard text != "information_schema", !text.utf8.starts(with: "pg_".utf8) else {
      problems.error(
        name.place, "the schema \(quoted(text)) cannot be declared: such names are the server's own",
        hint: "choose another name")
      return false
    }
    return true
  }

  private mutating func requiredName(
    _ members: [String: YAMLNode], of what: String, at place: Place
  ) -> Located<PostgresName>? {
    guard let node = members["name"] else {
      problems.error(place, "\(what) has no name", hint: "add \"name: NAME\"")
      return nil
    }
    return name(node, of: what)
  }

  private mutating func encoding(_ node: YAMLNode) -> String? {
    guard let text = line(node, expected: "an encoding such as UTF8") else { return nil }
    if let encoding = ServerEncoding.canonical(text) { return encoding }
    problems.error(
      node.place, "\(quoted(text)) is no encoding of a Postgres server",
      hint: Suggestion.hint(text, among: ServerEncoding.names))
    return nil
  }

  private mutating func template(_ node: YAMLNode) -> PostgresName? {
    guard let name = name(node, of: "a template database") else { return nil }
    guard !["template1", "postgres"].contains(name.value.text) else {
      problems.error(
        name.place, "\(quoted(name.value.text)) cannot be the template: any session in it makes CREATE DATABASE fail",
        hint: "remove template, which is template0 then, or name a database of your own")
      return nil
    }
    return name.value
  }
}
