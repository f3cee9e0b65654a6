import Contract
import DatabaseSpec

extension DeclarationReader {
  private static let databaseKeys = [
    "name", "owner", "extensions", "schemas", "encoding", "locale", "template", "connectionLimit", "scripts",
    "renamedFrom",
  ]

  /// Reads `postern.io/databases`, or the annotation that was meant to be it.
  mutating func databases(_ text: String, annotation: String) -> DeclaredList<DeclaredDatabase> {
    let entries = entries(of: text, annotation: annotation)
    var list = DeclaredList<DeclaredDatabase>(doubts: entries.doubts)
    for entry in entries.nodes {
      guard let database = database(entry, &list.doubts) else { continue }
      list.elements.append(database)
    }
    list.hasDuplicates = refuseDuplicates(list.elements.compactMap(\.name), of: "database")
    return list
  }

  private mutating func database(_ node: YAMLNode, _ doubts: inout Doubts) -> DeclaredDatabase? {
    switch shortName(node, of: "a database") {
    case .refused(let texts):
      if !texts.isEmpty { doubts.addEntry(mayBe: texts) }
      return nil
    case .name(let name):
      check(name)
      return DeclaredDatabase(name: name)
    case .none: break
    }
    guard let members = members(node, known: Self.databaseKeys, expected: "a database") else {
      doubts.addEntry(mayBe: node.texts)
      return nil
    }
    // All parts are read even if the name is wrong, so that all errors are reported together.
    let name = entryName(members, of: "a database", in: node, known: Self.databaseKeys, &doubts)
    if let name { check(name) }
    let owner = members["owner"].flatMap { self.name($0, of: "a user") }
    let schemas = members["schemas"].map { self.schemas($0) } ?? []
    let extensions = members["extensions"].map { self.extensions($0, schemas) } ?? []
    let encoding = members["encoding"].flatMap { self.encoding($0) }
    let locale = members["locale"].flatMap { line($0, expected: "a locale such as C.UTF-8") }
    if let encoding, encoding != "SQL_ASCII", let locale, let fit = ServerEncoding.ofLocale(locale), fit != encoding,
      let place = members["locale"]?.place
    {
      problems.restrict(
        place,
        "the locale \(quoted(locale)) takes the encoding \(fit), and not \(encoding): the server makes no such database",
        hint: "write encoding: \(fit), or another locale")
    }
    let template = members["template"].flatMap { self.template($0) }
    let connectionLimit = members["connectionLimit"].flatMap { self.connectionLimit($0) }
    let scripts = members["scripts"].map { self.scripts($0, of: name?.value) } ?? []
    let renamedFrom = members["renamedFrom"].flatMap { formerName($0, of: "a database", \.reservedAsDatabase) }
    if let template, template == name?.value, let place = members["template"]?.place {
      problems.error(place, "a database cannot be its own template", hint: "remove template")
    }
    return DeclaredDatabase(
      name: name, owner: owner, saysOwner: members["owner"] != nil, extensions: extensions, schemas: schemas,
      encoding: encoding, locale: locale, template: template, connectionLimit: connectionLimit, scripts: scripts,
      renamedFrom: renamedFrom)
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

  private mutating func extensions(_ node: YAMLNode, _ schemas: [DeclaredSchema]) -> [Extension] {
    let declared = schemas.compactMap { $0.name?.value }
    let known = Set(declared)
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
      if let schema, !known.contains(schema.value), !Self.schemasOfTheServer.contains(schema.value) {
        let meant =
          problems.hintsAtWarnings
          ? Suggestion.didYouMean(schema.value.text, among: declared.lazy.map(\.text)) : nil
        // A schema whose name could not be read may be this one.
        if meant != nil || declared.count == schemas.count {
          problems.warn(
            schema.place, "the schema \(quoted(schema.value.text)) is not declared in this database",
            hint: meant ?? "add it to schemas")
        }
      }
      guard let name = requiredName(members, of: "an extension", at: element.place) else { continue }
      names.append(name)
      extensions.append(Extension(name: name.value, schema: schema?.value, version: version))
    }
    refuseDuplicates(names, of: "extension")
    return extensions
  }

  private static let schemasOfTheServer = ["public", "pg_catalog"].compactMap { try? PostgresName($0) }

  /// The schemas, including those that cannot be declared, so that their owners and the references to them are checked
  /// all the same.
  private mutating func schemas(_ node: YAMLNode) -> [DeclaredSchema] {
    var schemas: [DeclaredSchema] = []
    for element in elements(node, expected: "a list of schemas") {
      switch shortName(element, of: "a schema") {
      case .refused(let texts):
        if !texts.isEmpty { schemas.append(DeclaredSchema()) }
        continue
      case .name(let name):
        schemas.append(DeclaredSchema(name: name))
        continue
      case .none: break
      }
      guard let members = members(element, known: ["name", "owner"], expected: "a schema") else {
        schemas.append(DeclaredSchema())
        continue
      }
      let owner = members["owner"].flatMap { self.name($0, of: "a user") }
      schemas.append(DeclaredSchema(name: requiredName(members, of: "a schema", at: element.place), owner: owner))
    }
    let names = schemas.compactMap(\.name)
    for name in names { checkSchema(name) }
    refuseDuplicates(names, of: "schema")
    return schemas
  }

  private mutating func checkSchema(_ name: Located<PostgresName>) {
    let text = name.value.text
    if text == "public" {
      problems.error(
        name.place, "the schema \"public\" cannot be declared: it is there already, and the database's owner owns it",
        hint: "remove it")
    } else if text == "information_schema" || text.utf8.starts(with: "pg_".utf8) {
      problems.error(
        name.place, "the schema \(quoted(text)) cannot be declared: such names are the server's own",
        hint: "choose another name")
    }
  }

  mutating func requiredName(
    _ members: KnownMembers, of what: String, at place: Place
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
