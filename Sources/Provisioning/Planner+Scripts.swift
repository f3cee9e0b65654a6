import DatabaseSpec

extension Planner {
  /// Plans the scripts of a database that have not run yet, each after the one before.
  mutating func planScripts(of database: Database) {
    guard let contents = contents(of: database),
      planRecorder(of: database.name, owner: database.owner, contents, isNeeded: !database.scripts.isEmpty)
    else { return }
    tellPublications(
      contents.publications, of: .database(database.name), "its", "Postern's record of scripts", "table postern.script",
      orMake: "CREATE SCHEMA postern; CREATE TABLE postern.script (name text PRIMARY KEY, sha256 text, applied_at "
        + "timestamptz)")
    var requires = [Item.server, .database(database.name)] + user(database.owner)
    requires += database.schemas.map { .schema($0.name, in: database.name) }
    requires += database.extensions.map { .extension($0.name, in: database.name) }
    var isHeldBy: Item?
    for script in database.scripts {
      let isHeld = planScript(script, of: database, applied: contents.scripts, requires, isHeldBy: isHeldBy)
      requires.append(.script(script.name, in: database.name))
      if isHeld, isHeldBy == nil { isHeldBy = .script(script.name, in: database.name) }
    }
  }

  /// Closes the recorders of scripts in databases that are declared no more.
  mutating func planLeftRecorders() {
    for (name, state) in observed.databases.sorted(by: { $0.key < $1.key }) {
      guard database(name) == nil, foreignDatabases[name] == nil, let contents = state.contents,
        name != Postern.database
      else { continue }
      _ = planRecorder(of: name, owner: state.owner, contents, isNeeded: false)
    }
  }

  /// Creates the recorder of scripts, and lets the owner call its function; to one that is there nobody else may write.
  /// - Parameter isNeeded: whether there are scripts.
  /// - Returns: whether there are and can be recorded.
  private mutating func planRecorder(
    of database: PostgresName, owner: PostgresName, _ contents: DatabaseContents, isNeeded: Bool
  ) -> Bool {
    let details = [Detail("schema", Postern.schema), Detail("database", database)]
    let item = Item.database(database)
    switch contents.recorder {
    case .foreign(let holder, let isQuiet):
      // What is a superuser's still is closed, so that nobody acts as one by it.
      if isQuiet == false { renewFunction(in: database, details) }
      if contents.intruders != nil { closeRecorder(of: database, contents.intruders, details, Postern.close) }
      guard isNeeded else { return false }
      fail(
        item, "the schema postern in it, or what is in there, belongs to \(holder.text), who is no superuser",
        hint:
          "if it came from a dump of Postern's, as by pg_restore --no-owner: look at what is in it, a table and a function; the "
          + "table must have no trigger, rule, check or other default than now() (\\d postern.script), which would act as a "
          + "superuser; and, in \(database.text), \(Self.ownership(of: Self.recorder, to: observed.administrator)); "
          + "otherwise rename it: all scripts then run again")
      return false
    case .altered(let additions, let callers):
      let message = "Postern's record of scripts in it has what is not Postern's: \(additions)"
      if isNeeded {
        fail(item, message, hint: Self.additionsHint)
      } else {
        warn(item, message, hint: Self.additionsHint)
      }
      if !callers.isEmpty || contents.intruders != nil {
        closeRecorder(of: database, contents.intruders, details, Postern.close)
      }
      return false
    case .absent:
      guard isNeeded else { return false }
      add(
        "create script records", details, for: item, requires: user(owner), in: database,
        (Postern.createRecorder + Postern.allowRecording(by: owner)).sql)
    case .present(let callers, let readers, let isQuiet):
      if isQuiet == false || isQuiet == nil && isNeeded { renewFunction(in: database, details) }
      var statements = callers.filter { $0 != owner }.sorted().flatMap { Postern.forbidRecording(by: $0) }
      if contents.intruders != nil {
        statements += Postern.close
        if callers.contains(owner) { statements += Postern.allowRecording(by: owner) }
      }
      if !statements.isEmpty {
        closeRecorder(of: database, contents.intruders, details + [Detail("owner", owner)], statements)
      }
      if isNeeded, !readers.contains(owner) {
        add(
          "alter script records", details + [Detail("owner", owner)], for: item, requires: user(owner), in: database,
          ([Postern.unnoticed] + Postern.allowRecording(by: owner)).sql)
      }
    }
    return isNeeded
  }

  /// By itself, as it waits for no lock on the table.
  private mutating func renewFunction(in database: PostgresName, _ details: [Detail]) {
    add(
      "renew script records", details, for: .database(database), in: database, isBookkeeping: true,
      ([Postern.unnoticed] + Postern.makeFunction).sql)
  }

  private mutating func closeRecorder(
    of database: PostgresName, _ intruders: String?, _ details: [Detail], _ statements: [String]
  ) {
    if let intruders { tellIntruders(intruders, of: .database(database), "Postern's record of scripts in it") }
    add(
      "close script records", details, for: .database(database), in: database, isBookkeeping: true,
      ([Postern.unnoticed] + statements).sql)
  }

  private static let recorder = [
    "SCHEMA postern", "TABLE postern.script", "FUNCTION postern.record_script(text, text)",
  ]

  /// The statements that make a superuser the owner of records.
  static func ownership(of objects: [String], to owner: PostgresName) -> String {
    objects.map { "ALTER \($0) OWNER TO \(id(owner))" }.joined(separator: "; ")
  }

  /// A subscriber to all tables, of which one is not there, or holds the same rows already, stops, and the server keeps
  /// all that it has not fetched. No table of a database can be left out of such a publication.
  /// - Parameter making: the statements that make these tables at a subscriber, where that may be advised.
  mutating func tellPublications(
    _ publications: WidePublications?, of item: Item, _ whose: String, _ what: String, _ tables: String,
    orMake making: String? = nil
  ) {
    guard let publications else { return }
    let more = publications.count > 1 ? " and \(publications.count - 1) more" : ""
    warn(
      item,
      "\(whose) publication \(publications.first)\(more), FOR ALL TABLES, publishes \(what), too: a subscriber stops that has no "
        + "\(tables), or has these rows already",
      hint: "publish FOR TABLES IN SCHEMA, or FOR TABLE"
        + (making.map { "; or, at a subscriber without Postern, \($0)" } ?? ""))
  }

  /// Plans one script. A script that an earlier one of the database blocks waits for it, and a problem says so.
  /// - Returns: whether it blocks the scripts after it.
  private mutating func planScript(
    _ script: Script, of database: Database, applied: [AppliedScript], _ requires: [Item], isHeldBy earlier: Item?
  ) -> Bool {
    let item = Item.script(script.name, in: database.name)
    let before = applied.first { $0.name.utf8.elementsEqual(script.name.utf8) }
    guard case .file(let file, let sha256) = script.content else {
      let source = Self.source(of: script)
      guard before == nil else {
        warn(
          item, "\(source) is not there any more; the script ran before", hint: "put it back, or take the script out")
        return false
      }
      fail(item, "\(source) is not there yet", hint: "create it, or see in the workload's Events what is wrong with it")
      return true
    }
    if let before {
      guard !before.sha256.utf8.elementsEqual(sha256.utf8) else { return false }
      guard script.rerun == .onChange else {
        warn(
          item, "changed after it was applied, and is not run again",
          hint: "add a new script, or let it have `rerun: on-change`")
        return false
      }
    }
    if let earlier {
      fail(item, "waits for \(earlier)")
      return true
    }
    guard let text = desired.scripts[file] else {
      fail(item, "its file \(file) is not in the volume yet", hint: "it comes with the next sync of the volume")
      return true
    }
    let statements: [ScriptStatement]
    do throws(ScriptError) {
      statements = try ScriptStatement.split(text, isTransaction: script.transaction)
    } catch {
      fail(item, error.message, hint: error.hint)
      return true
    }
    plan.steps.append(
      Step(
        "run script",
        [Detail("name", script.name), Detail("database", database.name), Detail("owner", database.owner)],
        for: item, requires: requires, in: database.name,
        .script(
          ScriptRun(
            name: script.name, sha256: sha256, owner: database.owner, isTransaction: script.transaction,
            timeout: script.timeout, isConfidential: script.isConfidential, statements: statements))))
    return false
  }

  /// The object from which the controller must take a script's text and could not.
  private static func source(of script: Script) -> String {
    switch script.content {
    case .configMap(let object): "its text, the key \(object.key) of the ConfigMap \(object.name),"
    case .secret(let object): "its text, the key \(object.key) of the Secret \(object.name),"
    case .inline, .file: "its text"
    }
  }
}
