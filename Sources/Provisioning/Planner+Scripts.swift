import DatabaseSpec

extension Planner {
  /// The scripts of a database that are still to run, each after the one before.
  mutating func planScripts(of database: Database) {
    guard !database.scripts.isEmpty, let contents = contents(of: database) else { return }
    guard planRecorder(of: database, contents.recorder) else { return }
    var requires = [Item.server, .database(database.name)] + user(database.owner)
    requires += database.schemas.map { .schema($0.name, in: database.name) }
    requires += database.extensions.map { .extension($0.name, in: database.name) }
    for script in database.scripts {
      planScript(script, of: database, applied: contents.scripts, requires)
      requires.append(.script(script.name, in: database.name))
    }
  }

  /// Makes what records scripts, and lets the owner call it. False where the schema is somebody else's.
  private mutating func planRecorder(of database: Database, _ recorder: RecorderState) -> Bool {
    let details = [Detail("schema", Postern.schema), Detail("database", database.name)]
    let item = Item.database(database.name)
    switch recorder {
    case .foreign(let owner):
      fail(
        item, "the schema postern in it, or what is in there, belongs to \(owner.text), who is no superuser",
        hint: "rename that schema: Postern records there which scripts ran")
      return false
    case .absent:
      add(
        "create script records", details, for: item, requires: user(database.owner), in: database.name,
        (Postern.createRecorder + Postern.allowRecording(by: database.owner)).sql)
    case .present(let callers):
      var statements = callers.filter { $0 != database.owner }.sorted().flatMap { Postern.forbidRecording(by: $0) }
      if !callers.contains(database.owner) { statements += Postern.allowRecording(by: database.owner) }
      if !statements.isEmpty {
        add(
          "alter script records", details + [Detail("owner", database.owner)], for: item,
          requires: user(database.owner), in: database.name, statements.sql)
      }
    }
    return true
  }

  private mutating func planScript(
    _ script: Script, of database: Database, applied: [AppliedScript], _ requires: [Item]
  ) {
    let item = Item.script(script.name, in: database.name)
    guard case .file(let file, let sha256) = script.content else {
      return fail(item, "its text is not in a file of the volume", hint: "wait until the spec is written anew")
    }
    if let before = applied.first(where: { $0.name.utf8.elementsEqual(script.name.utf8) }) {
      guard !before.sha256.utf8.elementsEqual(sha256.utf8) else { return }
      guard script.rerun == .onChange else {
        return warn(
          item, "changed after it was applied, and is not run again",
          hint: "add a new script, or let it have `rerun: on-change`")
      }
    }
    guard let text = desired.scripts[file] else {
      return fail(item, "its file \(file) is not in the volume yet", hint: "it comes with the next sync of the volume")
    }
    let statements: [ScriptStatement]
    do throws(ScriptError) {
      statements = try ScriptStatement.split(text, isTransaction: script.transaction)
    } catch {
      return fail(item, error.message, hint: error.hint)
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
  }
}
