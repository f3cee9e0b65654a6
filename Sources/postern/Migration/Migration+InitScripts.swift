import Admission
import Contract
import JSONBytes

extension Migration {
  /// What an image makes of an empty data folder: the user and the database of its variables, and what scripts say. That is put
  /// together before owners are chosen: one may stand in a later file.
  /// - Returns: whether there is any of it.
  mutating func takeServer(
    of container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String
  ) -> Bool {
    guard !InitEnvironment.isOtherServer(container) else { return false }
    var environment = InitEnvironment(container, in: pod, objects, namespace: namespace)
    let folder = InitFolder(of: container, environment.family, in: pod, objects, namespace: namespace)
    let hook = StartHook(of: container, in: pod, objects, namespace: namespace)
    guard
      folder.isMounted || InitEnvironment.isPostgres(container) && (environment.namesSomething || hook != nil)
    else { return false }
    for text in folder.remarks { remark(text) }
    for object in environment.missing {
      remark(
        "envFrom of container \(container["name"]?.string ?? ""): \(object) is in none of the files; its variables are not known, such as the superuser's name"
      )
    }
    let texts = folder.files.map(\.text) + (hook?.scripts.map(\.text) ?? [])
    environment.takeFiles(namedIn: texts, of: container, in: pod, objects, namespace: namespace)
    var server = InitServer(environment)
    var scripts: [(file: InitFolder.File, script: InitScript)] = []
    for file in folder.files {
      scripts.append((file, take(file.text, isShell: file.name.hasSuffix(".sh"), at: file.place, &server)))
    }
    var started: [(place: String, script: InitScript)] = []
    for (place, text) in hook?.scripts ?? [] {
      started.append((place, take(text, isShell: true, at: place, &server)))
    }
    settle(&server)
    takeOwner(environment)
    for (file, script) in scripts { takeScript(file, script, server) }
    for (place, script) in started {
      remarkLines(of: script, at: place)
      remarkRest(Self.rest(of: script), at: place)
    }
    if let hook { remark("\(hook.place) is to be taken out: it runs again whenever the container starts") }
    guard folder.isMounted else { return true }
    remark(
      "scripts in \(folder.path) ran once, as superuser, on an empty data folder; on old data they did not run, and Postern's do, once"
    )
    return true
  }

  /// The password that the image gives to the user whom it makes stays the user's, where it is in a Secret.
  private mutating func takeOwner(_ environment: InitEnvironment) {
    guard let owner = environment.owner, !ScriptVariable.isIn(owner) else { return }
    switch environment.password {
    case .secret(let secret, let key): withUser(owner) { $0.passwordFrom = (secret, key) }
    case .other(let variable):
      remark(
        "user \(owner): the password of \(variable) is not read; the user gets a new one, unless you put it into a Secret and name that "
          + "by passwordFrom")
    case nil:
      remark(
        "user \(owner): no variable of the container names a password; the user gets a new one, unless passwordFrom names a Secret"
      )
    }
  }

  /// What is known of the server that the scripts make.
  struct InitServer {
    let environment: InitEnvironment
    /// Whether each role that is made can log in, and whether replicas do so by it.
    var roles: [(name: String, canLogIn: Bool, replicates: Bool)] = []
    /// Databases with the owner who is named, and those who may do everything.
    var databases: [(database: MigratedDatabase, owner: String?, users: [(name: String, place: String)])] = []
    var contents: [(place: String, database: String, change: (inout MigratedDatabase) -> Void)] = []

    init(_ environment: InitEnvironment) {
      self.environment = environment
      if environment.database != environment.superuser || environment.owner != nil || environment.database != "postgres"
      {
        for name in [environment.database] + environment.otherDatabases {
          databases.append((MigratedDatabase(name: name, owner: ""), environment.owner, []))
          for entry in environment.extensions.map({ JSONValue.members([("name", .string($0))]) }) {
            contents.append(("the image's extensions", name, { $0.extensions.append(entry) }))
          }
        }
      }
      if let owner = environment.owner { roles.append((owner, true, false)) }
    }

    func index(of database: String) -> Int? { databases.firstIndex { $0.database.name == database } }
  }

  /// Takes over what statements that an operator runs on a new server say of users, databases, extensions and schemas.
  /// - Returns: the indices of the statements that say nothing of them.
  mutating func takeInitStatements(_ statements: [String], of place: String, _ server: inout InitServer) -> [Int] {
    statements.indices.filter { index in
      let found = InitScript(statements[index], isShell: false, [:]).found
      let declared = found.filter { $0.fact.isDeclared }
      for one in declared { take(one, at: "\(place)[\(index + 1)]", &server) }
      if !declared.isEmpty, declared.count < found.count {
        remark("\(place)[\(index + 1)]: what it does besides is left out")
      }
      return declared.isEmpty
    }
  }

  // MARK: Facts

  /// A name with its variables replaced; nil where they are not known.
  private mutating func known(_ name: String, _ found: InitScript.Found, _ place: String) -> String? {
    let name = ScriptVariable.expand(name, found.variables)
    // There may be a password in it.
    guard !name.contains("://") else {
      remark("\(place): a URI is no name; left out")
      return nil
    }
    guard ScriptVariable.isIn(name) else { return name }
    remark("\(place): the name \(ScriptVariable.shown(name)) is not known here; left out")
    return nil
  }

  private mutating func take(
    _ text: String, isShell: Bool, at place: String, _ server: inout InitServer
  ) -> InitScript {
    let script = InitScript(text, isShell: isShell, server.environment.variables)
    for found in script.found { take(found, at: "\(place):\(found.line)", &server) }
    return script
  }

  private mutating func take(_ found: InitScript.Found, at place: String, _ server: inout InitServer) {
    var found = found
    found.variables[SQLWord.ownRole] = server.environment.superuser
    switch found.fact {
    case .role(let name, let options, let isUser): takeRole(name, options, isUser ? true : nil, found, place, &server)
    case .alteredRole(let name, let options): alterRole(name, options, found, place, &server)
    case .membership(let members, let roles):
      let roles = roles.compactMap { known($0, found, place) }
      for member in members.compactMap({ known($0, found, place) }) {
        guard member != server.environment.superuser else { continue }
        withUser(member) { user in
          for role in roles where !user.memberOf.contains(role) { user.memberOf.append(role) }
        }
      }
    case .database(var database, let hasMore):
      guard let name = known(database.name, found, place) else { return }
      let owner = database.owner.isEmpty ? nil : known(database.owner, found, place)
      database = database.named(name)
      for option in [\MigratedDatabase.encoding, \.locale, \.template] {
        database[keyPath: option] = database[keyPath: option].flatMap { known($0, found, place) }
      }
      // Where it is there already, the statement is not run, or fails.
      let before = server.index(of: name).map { server.databases.remove(at: $0) }
      server.databases.append((database, before?.owner ?? owner, before?.users ?? []))
      if hasMore { remark("\(place): options of database \(name) have no like") }
    case .owner(let database, let owner):
      guard let database = known(database, found, place), let owner = known(owner, found, place) else { return }
      guard let index = server.index(of: database) else {
        return remark("\(place): database \(database) is made elsewhere; left out")
      }
      server.databases[index].owner = owner
    case .databaseLimit(let database, let limit):
      guard let database = known(database, found, place), let index = server.index(of: database) else {
        return remark("\(place): a connection limit of a database that is made elsewhere; left out")
      }
      server.databases[index].database.connectionLimit = limit
    case .allOn(let databases, let users):
      let users = users.compactMap { known($0, found, place) }
      if users.contains("public") { remarkGrant(at: place) }
      for database in databases.compactMap({ known($0, found, place) }) {
        guard let index = server.index(of: database) else {
          remark("\(place): database \(database) is made elsewhere; left out")
          continue
        }
        for user in users where user != "public" && user != server.environment.superuser {
          server.databases[index].users.append((user, place))
        }
      }
    case .grant: remarkGrant(at: place)
    case .extension(let name, let schema, let version, _):
      guard let name = known(name, found, place) else { return }
      let entry = JSONValue.members([
        ("name", .string(name)), ("schema", schema.flatMap { known($0, found, place) }.map { .string($0) }),
        ("version", version.flatMap { known($0, found, place) }.map { .string($0) }),
      ])
      add(found, place, &server) { if !$0.extensions.contains(entry) { $0.extensions.append(entry) } }
    case .schema(let name, let owner, _):
      guard let name = known(name, found, place), name != "public" else { return }
      let owner = owner.flatMap { known($0, found, place) }
      let entry = JSONValue.members([
        ("name", .string(name)), ("owner", owner.flatMap { $0 == server.environment.superuser ? nil : .string($0) }),
      ])
      add(found, place, &server) { if !$0.schemas.contains(entry) { $0.schemas.append(entry) } }
    case .more(let words):
      let hint = words.contains("cascade") ? "; declare the extensions that it needs, too" : ""
      remark("\(place): \(words.joined(separator: " ")) has no like\(hint)")
    case .nothing, .unreadable, .other: break
    }
  }

  private mutating func remarkGrant(at place: String) {
    remark(
      "\(place): rights that it gives or takes back are grants of a user: {DATABASE: read} or write; what else it says has no like"
    )
  }

  /// Notes a change of the database in which a statement runs.
  private mutating func add(
    _ found: InitScript.Found, _ place: String, _ server: inout InitServer,
    _ change: @escaping (inout MigratedDatabase) -> Void
  ) {
    guard let database = known(found.database ?? server.environment.database, found, place) else { return }
    server.contents.append((place, database, change))
  }

  private mutating func takeRole(
    _ name: String, _ options: RoleOptions, _ isUser: Bool?, _ found: InitScript.Found, _ place: String,
    _ server: inout InitServer
  ) {
    guard let name = known(name, found, place) else { return }
    guard name != server.environment.superuser else {
      return remark("\(place): role \(name) is the superuser: \(AnnotationKey.adminSecret) names its Secret")
    }
    let index = server.roles.firstIndex { $0.name == name }
    let canLogIn = options.canLogIn ?? isUser ?? index.map { server.roles[$0].canLogIn } ?? false
    let replicates = options.powers.contains("replication") || index.map { server.roles[$0].replicates } ?? false
    let role = (name: name, canLogIn: canLogIn, replicates: replicates)
    if let index { server.roles[index] = role } else { server.roles.append(role) }
    let password = options.passwordVariable.map { ScriptVariable.expand(ScriptVariable.mark($0), found.variables) }
    takeOptions(
      options.naming { known($0, found, place) }, of: name, at: place,
      password: password.flatMap(ScriptVariable.reference).flatMap { server.environment.secrets[$0] }, tellsLogin: false
    )
  }

  private mutating func alterRole(
    _ name: String, _ options: RoleOptions, _ found: InitScript.Found, _ place: String, _ server: inout InitServer
  ) {
    let known = ScriptVariable.expand(name, found.variables)
    guard server.roles.contains(where: { $0.name == known }) || known == server.environment.superuser else {
      return remark(
        "\(place): role \(ScriptVariable.shown(known)) is made elsewhere; what is changed of it is left out")
    }
    takeRole(name, options, nil, found, place, &server)
  }

  // MARK: What they come to

  mutating func settle(_ server: inout InitServer) {
    for (name, canLogIn, _) in server.roles {
      guard !ScriptVariable.isIn(name) else {
        remark(
          "the user whom the image makes, \(ScriptVariable.shown(name)), is not known here; left out: declare it by the name that the variable has"
        )
        continue
      }
      withUser(name)
      if !canLogIn { remarkPowers(["nologin"], of: name) }
    }
    let made = server.roles.filter { !$0.replicates }.map(\.name).filter { !ScriptVariable.isIn($0) }
    for (database, named, users) in server.databases {
      let name = database.name
      guard !ScriptVariable.isIn(name) else {
        remark(
          "the database that the image makes, \(ScriptVariable.shown(name)), is not known here; left out: declare it by the name that the variable has"
        )
        continue
      }
      guard name != "postgres" else { continue }
      let given = [named, users.first?.name].compactMap(\.self).first {
        $0 != server.environment.superuser && !ScriptVariable.isIn($0)
      }
      let guess = made.count == 1 ? made.first : made.first { $0 == name }
      guard let owner = given ?? guess else {
        remark(
          "database \(name) has no owner that can be told, but the superuser; left out: declare it with the user who is to own it"
        )
        continue
      }
      if given == nil { remark("database \(name) is the superuser's; \(owner) is to own it") }
      for (user, place) in users where user != owner {
        remark(
          "\(place): \(owner) owns database \(name); the rights of \(user) there are grants of user \(user): {\(name): read} or write"
        )
      }
      withUser(owner)
      var entry = database
      entry.owner = owner
      if let index = databases.firstIndex(where: { $0.name == name }) {
        databases[index].owner = owner
        databases[index].connectionLimit = entry.connectionLimit ?? databases[index].connectionLimit
      } else {
        databases.append(entry)
      }
    }
    for (place, database, change) in server.contents {
      guard let declared = databases.first(where: { $0.name == database }) else {
        remark("\(place): it is for database \(database), which is not declared; left out")
        continue
      }
      withDatabase(database, owner: declared.owner, change)
    }
  }

  /// Lines in their order: `line 3`, `lines 3-4, 10`.
  private static func shown(_ lines: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for line in Set(lines).sorted() {
      if let last = ranges.last, line <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(line, last.upperBound)
      } else {
        ranges.append(line...line)
      }
    }
    let shown = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return (ranges.count == 1 && ranges[0].count == 1 ? "line " : "lines ") + shown.joined(separator: ", ")
  }

  /// Tells what is not read.
  private mutating func remarkLines(of script: InitScript, at place: String) {
    let unreadable = script.lines { if case .unreadable = $0 { true } else { false } }
    if !unreadable.isEmpty {
      remark("\(place), \(Self.shown(unreadable)): PostgreSQL's grammar does not take it; left out")
    }
    guard !script.others.isEmpty else { return }
    remark(
      "\(place), \(Self.shown(script.others)): what psql or a shell does there is not read for sure; declare what it makes besides what is here"
    )
  }

  /// The lines of what is about no user, database, extension or schema.
  private static func rest(of script: InitScript) -> [Int] {
    script.lines { if case .other = $0 { true } else { false } }
  }

  private mutating func remarkRest(_ lines: [Int], at place: String) {
    guard !lines.isEmpty else { return }
    remark(
      "\(place), \(Self.shown(lines)): no script of Postern's as it stands; what a database's owner may do in SQL goes under scripts, without users, databases and psql's commands"
    )
  }

  /// Plain SQL becomes a script of the database in which it ran. All else is told by its lines.
  private mutating func takeScript(
    _ file: InitFolder.File, _ script: InitScript, _ server: InitServer
  ) {
    remarkLines(of: script, at: file.place)
    let rest = Self.rest(of: script)
    guard !rest.isEmpty else { return }
    let isReadable = !script.found.contains { if case .unreadable = $0.fact { true } else { false } }
    let isScript =
      script.isPlain && isReadable && script.found.allSatisfy { $0.fact.isRepeatable }
      && !InlineScript.isRefused(file.text)
    guard isScript, let target = databases.first(where: { $0.name == server.environment.database }) else {
      guard isScript else { return remarkRest(rest, at: file.place) }
      let database = ScriptVariable.shown(server.environment.database)
      return remark(
        "\(file.place), \(Self.shown(rest)): it ran in database \(database), which is not declared; a script goes under the database that it is for"
      )
    }
    var name = file.name.hasSuffix(".sql") ? String(file.name.dropLast(4)) : file.name
    if target.scripts.contains(where: { $0["name"]?.string == name }) { name = "\(file.object)-\(name)" }
    withDatabase(target.name, owner: target.owner) {
      $0.scripts.append(
        MigratedDatabase.script(
          name, file.kind.rawValue, object: file.object, key: file.key))
    }
  }
}
