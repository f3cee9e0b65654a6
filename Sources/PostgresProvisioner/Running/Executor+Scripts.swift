import DatabaseSpec
import LibPQ
import LogLine
import Provisioning

extension Executor {
  /// Runs a script on a connection of the owner. Nothing that the script does can give it the rights of another role.
  /// The row that records it is written by the last statement of the same transaction. Work that must not wait for the
  /// script is done while it runs.
  /// - Parameter main: the connection that holds the pass's lock.
  mutating func runScript(_ script: ScriptRun, _ step: Step, _ main: borrowing Connection) {
    guard isToRun(step) else { return }
    control.log(.info, "running script", step.details.map { ($0.key, $0.value) })
    var watch = ScriptWatch(step.item, script)
    control.scriptRuns(watch.running, problems + failures.map { $0.problem })
    defer { control.scriptRuns(nil, []) }
    let login = desired.login(of: script.owner)
    let settings = administration.settings(
      ofOwner: login.role, password: login.password, database: step.database, serverVersion: main.serverVersion)
    do throws(PostgresError) {
      let connection =
        script.isConfidential
        ? try connectConfidentially(
          settings, as: login.role, of: script.owner, in: step.database, main) : try Connection(settings)
      connection.keepWarnings()
      defer { tellFurtherWarnings(watch) }
      do throws(ScriptFailure) {
        try run(script, connection, &watch, main)
        succeed(step)
      } catch {
        ended(step, error, watch)
      }
    } catch {
      fail(
        step,
        Failure(
          step.item, error, place: "logging in as the owner \(script.owner.text)",
          hint: Failure.loginAdvice(
            error, desired.spec.users.first { $0.name == script.owner }, in: step.database,
            hasPassword: settings.password != nil)))
    }
  }

  private mutating func ended(_ step: Step, _ failure: ScriptFailure, _ watch: ScriptWatch) {
    switch failure {
    case .server(var error, let place):
      var hint: String?
      if error.isServer(SQLState.lockNotAvailable) {
        error.lockHolders = watch.running.waitsFor
        if !watch.script.isTransaction { hint = Self.lockHint }
      }
      fail(step, Failure(step.item, watch.script.isConfidential ? error.withoutWords : error, place: place, hint: hint))
    case .commit(let error):
      let hint =
        "what is deferred is checked at COMMIT: SET CONSTRAINTS ALL IMMEDIATE, earlier in the script, tells the statement"
      fail(
        step,
        Failure(
          step.item, watch.script.isConfidential ? error.withoutWords : error, place: "at its COMMIT",
          hint: error.isOfRows ? hint : nil))
    case .timeout(let place):
      let wait = watch.running.waitsFor.map { "; it waited for a lock that is held by \($0)" } ?? ""
      let error = PostgresError(
        kind: .server, sqlState: SQLState.queryCanceled,
        message: "it took longer than its timeout of \(watch.timeout) s, and was ended\(wait)",
        hint: "give it a longer `timeout`, or 0 for none")
      var failure = Failure(step.item, error, place: place)
      // These words are Postern's own, so anybody may see them.
      failure.problem.told = nil
      fail(step, failure)
    case .notDesired:
      control.log(.info, "ended a script that is not declared any more", step.details.map { ($0.key, $0.value) })
    case .stopRequested:
      stop()
    }
  }

  private static let lockHint =
    "what runs CONCURRENTLY waits for all transactions that are older: let SET lock_timeout = '5min' go before it; and it "
    + "leaves an index that is not valid: let DROP INDEX CONCURRENTLY IF EXISTS go before it, too"

  private mutating func run(
    _ script: ScriptRun, _ connection: borrowing Connection, _ watch: inout ScriptWatch, _ main: borrowing Connection
  ) throws(ScriptFailure) {
    watch.place = nil
    if script.isTransaction { try perform("BEGIN", connection, &watch, main) }
    for statement in script.statements {
      watch.place = ScriptPlace(line: statement.line, column: statement.column)
      do throws(ScriptFailure) { try perform(statement.text, connection, &watch, main) } catch {
        guard case .server(let cause, _) = error, let position = cause.position else { throw error }
        throw .server(cause, place: "\(statement.place(of: position))")
      }
    }
    watch.place = nil
    let isKept: Bool
    do throws(ScriptFailure) {
      // The script, or a setting of the owner, may have switched to another role of which the owner is a member. RESET
      // would return to that setting.
      try perform("SET SESSION AUTHORIZATION DEFAULT; SET ROLE NONE", connection, &watch, main)
      let record = Postern.recordScript(script)
      let answer = try perform(record.sql, connection, &watch, main, dropsRows: false)
      let isNew: Bool
      do throws(PostgresError) { isNew = try record.row(answer) } catch { throw .server(error, place: nil) }
      // If it is not new, another pass, which had lost its lock but not ended, has just committed the same script.
      isKept = isNew || !script.isTransaction
    } catch {
      guard case .server(let cause, _) = error else { throw error }
      throw .server(cause, place: "recording that it ran")
    }
    // A script that manages its own transactions may have left one open. Its changes and its record then stay together.
    do throws(ScriptFailure) { try perform(isKept ? "COMMIT" : "ROLLBACK", connection, &watch, main) } catch {
      guard case .server(let cause, _) = error else { throw error }
      throw .commit(cause)
    }
  }

  /// Sends statements, does what must not wait until the server has answered, and receives the answer. Nobody reads the
  /// rows of a script, which may be many.
  @discardableResult
  private mutating func perform(
    _ sql: String, _ connection: borrowing Connection, _ watch: inout ScriptWatch, _ main: borrowing Connection,
    dropsRows: Bool = true
  ) throws(ScriptFailure) -> QueryResult? {
    do throws(PostgresError) { try connection.send(sql, dropsRows: dropsRows) } catch {
      throw .server(error, place: watch.place?.description)
    }
    defer { tellWarnings(connection.takeWarnings(), &watch) }
    watch.wait = LockWait()
    while !connection.hasAnswer() {
      let left = watch.millisecondsLeft
      guard left > 0 else {
        end(connection, main, milliseconds: 5000)
        throw .timeout(place: watch.place?.description)
      }
      switch control.wait(connection.socket, min(left, ScriptWatch.tick)) {
      case .readable: continue
      case .timeOver:
        watch.wait.ticks += 1
        if watch.wait.asksForHolders { askForHolders(connection, &watch, main) }
        if watch.isPassDue { passBeside(latest, main, &watch) }
      case .filesChanged:
        guard noticeNewFiles() else { continue }
        passBeside(latest, main, &watch)
        guard latest.declares(watch.script, as: watch.item) else {
          end(connection, main, milliseconds: 5000)
          throw .notDesired
        }
      case .stopRequested:
        end(connection, main, milliseconds: 0)
        throw .stopRequested
      }
    }
    do throws(PostgresError) { return try connection.receive() } catch {
      throw .server(error, place: watch.place?.description)
    }
  }

  /// Logs what the server warns of, such as a GRANT that has no effect. The words may quote rows, so that they are nowhere
  /// but in the log; those of a script from a Secret are not even there.
  private func tellWarnings(_ warnings: ServerWarnings, _ watch: inout ScriptWatch) {
    for warning in warnings.first.prefix(max(0, ServerWarnings.limit - watch.warnings)) {
      // A server that ends the session warns of that, too, which is told as the script's failure.
      if warning.sqlState.utf8.starts(with: "57P".utf8) { continue }
      var fields = [("item", watch.item.description)]
      if let place = watch.place { fields.append(("place", place.description)) }
      fields.append(("sqlstate", warning.sqlState))
      if !watch.script.isConfidential { fields.append(("warning", warning.message)) }
      control.log(.warning, "a script's statement warns", fields)
    }
    watch.warnings += warnings.first.count + warnings.furtherCount
  }

  private func tellFurtherWarnings(_ watch: ScriptWatch) {
    let count = watch.warnings - ServerWarnings.limit
    guard count > 0 else { return }
    control.log(.warning, "a script warns more often", [("item", watch.item.description), ("count", String(count))])
  }

  /// Ends a script's session, which rolls back what it has not committed. A server that is busy with a statement would
  /// not notice that the connection was closed.
  private func end(_ connection: borrowing Connection, _ main: borrowing Connection, milliseconds: Int) {
    do throws(PostgresError) {
      _ = try main.rows(Catalog.endSession(connection.serverProcess, milliseconds: milliseconds))
    } catch { control.log(.warning, "cannot end the session of a script", [("reason", error.description)]) }
  }

  private func askForHolders(
    _ connection: borrowing Connection, _ watch: inout ScriptWatch, _ main: borrowing Connection
  ) {
    let holders: [String]
    do throws(PostgresError) { holders = try main.rows(Catalog.blockers(of: connection.serverProcess)) } catch {
      return
    }
    let text = holders.isEmpty ? nil : holders.joined(separator: ", ")
    guard text.map({ Array($0.utf8) }) != watch.running.waitsFor.map({ Array($0.utf8) }) else { return }
    watch.running.waitsFor = text
    control.scriptRuns(watch.running, problems + failures.map { $0.problem })
  }

  /// Does everything except scripts.
  private mutating func passBeside(
    _ desired: DesiredState, _ main: borrowing Connection, _ watch: inout ScriptWatch
  ) {
    watch.passWasMade()
    do throws(PostgresError) {
      let report = try beside(desired, main)
      problems = report.problems
      control.passEnded(report, desired)
    } catch { control.log(.warning, "cannot make a pass beside a script", [("reason", error.description)]) }
  }
}

/// Why a script has not run to its end.
enum ScriptFailure: Error {
  /// The server reported an error, at this place in the script.
  case server(PostgresError, place: String?)
  /// The server reported an error at the COMMIT, which checks what is deferred.
  case commit(PostgresError)
  /// It took too long.
  case timeout(place: String?)
  /// The declaration no longer contains it, or contains another version of it.
  case notDesired
  /// The process must end.
  case stopRequested
}

extension DesiredState {
  /// Whether a script is still declared unchanged.
  fileprivate func declares(_ script: ScriptRun, as item: Item) -> Bool {
    guard case .script(let name, let database) = item,
      let declared = spec.databases.first(where: { $0.name == database }), declared.owner == script.owner
    else { return false }
    return declared.scripts.contains { other in
      guard case .file(_, let sha256) = other.content else { return false }
      return other.name.utf8.elementsEqual(name.utf8) && sha256.utf8.elementsEqual(script.sha256.utf8)
        && other.timeout == script.timeout
    }
  }
}
