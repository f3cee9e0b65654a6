import DatabaseSpec
import LibPQ
import Provisioning

extension Executor {
  /// Runs a script on a connection logged in as the owner: nothing that it does can make it anybody else. The row that
  /// records it is the last statement of the same transaction. Returns why it failed, if it did.
  func run(_ script: ScriptRun, in step: Step) -> Failure? {
    let settings = administration.settings(
      ofOwner: script.owner, password: desired.passwords[script.owner], database: step.database)
    do throws(PostgresError) {
      let connection = try Connection(settings)
      return run(script, step.item, connection)
    } catch {
      return Failure(
        step.item, error, place: "logging in as the owner \(script.owner.text)",
        hint: settings.password == nil
          ? "the owner's password is not in the volume yet: scripts run as the owner" : nil)
    }
  }

  private func run(_ script: ScriptRun, _ item: Item, _ connection: borrowing Connection) -> Failure? {
    var place: String?
    do throws(PostgresError) {
      if script.isTransaction { try connection.execute("BEGIN") }
      for statement in script.statements {
        place = "line \(statement.line), column \(statement.column)"
        do throws(PostgresError) { try connection.execute(statement.text) } catch {
          if let position = error.position {
            let (line, column) = statement.place(of: position)
            place = "line \(line), column \(column)"
          }
          throw error
        }
      }
      place = "recording that it ran"
      // The script may have become another role that it is a member of.
      try connection.execute("RESET SESSION AUTHORIZATION; RESET ROLE")
      guard try connection.row(Postern.recordScript(script)) || !script.isTransaction else {
        // Another pass, which lost its lock but not its life, has just committed the very same.
        try connection.execute("ROLLBACK")
        return nil
      }
      // One that manages its own transactions may have left one open: what it did and its record stay together.
      try connection.execute("COMMIT")
      return nil
    } catch {
      return Failure(item, error, place: place)
    }
  }
}
