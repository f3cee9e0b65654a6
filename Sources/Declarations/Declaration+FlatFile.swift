import Contract
package import DatabaseSpec

extension Declaration {
  /// The suffix of a user's name in the name of the flat file's database.
  static let flatFileSuffix = "_db"

  /// The database that a user of the flat file owns; nil where the name would be too long.
  package static func flatFileDatabase(of user: PostgresName) -> PostgresName? {
    try? PostgresName(user.text + flatFileSuffix)
  }

  /// The user to whom this database would belong; nil where its name is not `<user>_db`.
  static func flatFileUser(of database: PostgresName) -> PostgresName? {
    guard database.text.utf8.suffix(flatFileSuffix.utf8.count).elementsEqual(flatFileSuffix.utf8) else { return nil }
    return try? PostgresName(String(decoding: database.text.utf8.dropLast(flatFileSuffix.utf8.count), as: UTF8.self))
  }

  /// The declaration with the flat file's users added. Each of them owns `<user>_db`. A user or database that is
  /// already declared keeps its attributes. References in the annotations to users and databases that they do not
  /// declare are checked now, when all are known.
  package func adding(_ flatFile: FlatFile) -> DeclarationResult {
    adding(flatFile, outline: nil)
  }

  /// - Parameter outline: given if the declaration has errors, so that only a part of it could be read.
  fileprivate func adding(_ flatFile: FlatFile, outline: DeclarationOutline?) -> DeclarationResult {
    var merged = self
    var problems = Problems(warnings: flatFile.warnings)
    let indexOfUser = spec.users.indices.reduce(into: [PostgresName: Int]()) { $0[spec.users[$1].name] = $1 }
    var databases = Set(spec.databases.map(\.name))
    let rotating = secondLogins
    for entry in flatFile.entries {
      if let index = indexOfUser[entry.user] {
        checkBoth(index, entry, of: flatFile, outline, &problems)
      } else {
        merged.spec.users.append(User(name: entry.user))
      }
      if let index = rotating[entry.user] { checkSecondLogin(index, entry, of: flatFile, outline, &problems) }
      if let database = Self.flatFileDatabase(of: entry.user), databases.insert(database).inserted {
        merged.spec.databases.append(Database(name: database, owner: entry.user))
      }
    }
    checkRenames(flatFile, outline, &problems)
    merged.checkReferences(of: self, flatFile, outline, &problems)
    merged.dropGrantsOfOwners()
    return DeclarationResult(merged, problems: problems)
  }

  /// Refuses contradictions between an annotation and the file about one user.
  private func checkBoth(
    _ index: Int, _ entry: FlatFile.Entry, of file: FlatFile, _ outline: DeclarationOutline?, _ problems: inout Problems
  ) {
    let place = Place(annotation: AnnotationKey.users).element(outline?.users[entry.user] ?? index)
    let line = "line \(entry.line) of \(file.source.name)/\(file.source.key)"
    let name = quoted(entry.user.text)
    if passwordSources[entry.user] != nil {
      problems.error(
        place.member("passwordFrom"), "\(name) has two passwords: this one, and that of \(line)",
        hint: "remove one of them")
    }
    if spec.users[index].rotate != nil {
      problems.error(
        place.member("rotate"), "the password of \(name) is that of \(line), and cannot turn by itself",
        hint: "remove one of them")
    }
    if spec.users[index].ensure == .absent {
      problems.error(
        place.member("ensure"), "\(name) is to be absent, and is a user on \(line)", hint: "remove one of them")
    }
  }

  /// Refuses a user of the file whose name is to be a second login's.
  private func checkSecondLogin(
    _ index: Int, _ entry: FlatFile.Entry, of file: FlatFile, _ outline: DeclarationOutline?, _ problems: inout Problems
  ) {
    let name = spec.users[index].name
    problems.error(
      Place(annotation: AnnotationKey.users).element(outline?.users[name] ?? index).member("rotate"),
      "the second login of \(quoted(name.text)) is to be called \(quoted(entry.user.text)), which is a user on line "
        + "\(entry.line) of \(file.source.name)/\(file.source.key)", hint: "choose another name, or remove rotate")
  }

  /// The users whose passwords turn, by the names of their second logins.
  private var secondLogins: [PostgresName: Int] {
    var rotating: [PostgresName: Int] = [:]
    for (index, user) in spec.users.enumerated() where user.rotate != nil {
      if let second = user.name.secondLogin { rotating[second] = index }
    }
    return rotating
  }

  /// Refuses to rename what the file declares by its old name.
  private func checkRenames(_ file: FlatFile, _ outline: DeclarationOutline?, _ problems: inout Problems) {
    let source = "\(file.source.name)/\(file.source.key)"
    func refuse(_ old: PostgresName, _ line: Int, at place: Place) {
      problems.error(
        place.member("renamedFrom"), "\(quoted(old.text)) is declared as well, by line \(line) of \(source)",
        hint: "remove one of them")
    }
    let renamesAny = spec.users.contains { $0.renamedFrom != nil } || spec.databases.contains { $0.renamedFrom != nil }
    guard renamesAny else { return }
    var users: [PostgresName: Int] = [:]
    var databases: [PostgresName: Int] = [:]
    for entry in file.entries {
      users[entry.user] = entry.line
      if let database = Self.flatFileDatabase(of: entry.user) { databases[database] = entry.line }
    }
    for (index, user) in spec.users.enumerated() {
      guard let old = user.renamedFrom, let line = users[old] else { continue }
      refuse(old, line, at: Place(annotation: AnnotationKey.users).element(outline?.users[user.name] ?? index))
    }
    for (index, database) in spec.databases.enumerated() {
      guard let old = database.renamedFrom, let line = databases[old] else { continue }
      refuse(
        old, line, at: Place(annotation: AnnotationKey.databases).element(outline?.databases[database.name] ?? index))
    }
  }

  private func checkReferences(
    of declared: Self, _ file: FlatFile, _ outline: DeclarationOutline?, _ problems: inout Problems
  ) {
    let users = spec.users.filter { $0.ensure == .present }.map(\.name)
    let databases = spec.databases.map(\.name)
    let knownUsers = Set(users)
    let knownDatabases = Set(databases)
    let source = "\(file.source.name)/\(file.source.key)"
    // Names from the file are not suggested, because the text before a line's first colon may be part of a password.
    let declaredUsers = declared.spec.users.map(\.name.text)
    let declaredDatabases = declared.spec.databases.map(\.name.text)

    func checkUser(_ user: PostgresName, at place: Place) {
      guard !knownUsers.contains(user), user.reservedAsRole == nil, outline?.names(user: user) != true else {
        return
      }
      problems.error(
        place, "no user \(quoted(user.text)) is declared in \(AnnotationKey.users) or \(source)",
        hint: Suggestion.didYouMean(user.text, among: declaredUsers))
    }
    for (index, database) in declared.spec.databases.enumerated() {
      let place = Place(annotation: AnnotationKey.databases).element(outline?.databases[database.name] ?? index)
      checkUser(database.owner, at: place.member("owner"))
      for (index, schema) in database.schemas.enumerated() {
        if let owner = schema.owner {
          checkUser(owner, at: place.member("schemas").element(index).member("owner"))
        }
      }
    }
    for (index, user) in declared.spec.users.enumerated() {
      let place = Place(annotation: AnnotationKey.users).element(outline?.users[user.name] ?? index)
      for (index, role) in user.memberOf.enumerated() {
        checkUser(role, at: place.member("memberOf").element(index))
      }
      for grant in user.grants
      where !knownDatabases.contains(grant.database) && outline?.names(database: grant.database) != true {
        problems.error(
          place.member("grants").member(grant.database.text),
          "no database \(quoted(grant.database.text)) is declared in \(AnnotationKey.databases) or made for \(source)",
          hint: Suggestion.didYouMean(grant.database.text, among: declaredDatabases))
      }
    }
  }

  /// Removes grants of owners, who need none in their own databases.
  private mutating func dropGrantsOfOwners() {
    let owners = spec.databases.reduce(into: [PostgresName: PostgresName]()) { $0[$1.name] = $1.owner }
    for index in spec.users.indices {
      let name = spec.users[index].name
      spec.users[index].grants.removeAll { owners[$0.database] == name }
    }
  }
}

extension DeclarationResult {
  /// Contradictions between the annotations and the flat file, as far as the annotations can be read. Errors in either
  /// of them are reported elsewhere.
  package func conflicts(with file: FlatFile) -> [DeclarationProblem] {
    guard let readable else { return [] }
    return readable.adding(file, outline: outline).errors.filter { conflict in
      !errors.contains { ($0.annotation, $0.path) == (conflict.annotation, conflict.path) }
    }
  }
}
