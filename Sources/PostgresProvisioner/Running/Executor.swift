import DatabaseSpec
import LibPQ
import Linux
import LogLine
import Provisioning

/// Runs the steps of a plan one by one. If an item fails, the items that require it fail as well, and no others.
struct Executor {
  let administration: Administration
  let cache: VerifierCache
  let desired: DesiredState
  let control: PassControl
  /// Runs a pass without scripts, on the connection that holds the lock.
  let beside: (DesiredState, borrowing Connection) throws(PostgresError) -> PassReport

  /// Items that have failed: no further step of theirs is tried in this pass.
  var failed: Set<Item> = []
  /// Items that cannot be completed, as the plan says. Their steps in the plan are run all the same.
  var blocked: Set<Item> = []
  private(set) var failures: [Failure] = []
  /// Scripts that are not tried, each with what it waits for. Nothing else reports why they did not run.
  private(set) var waiting: [ItemProblem] = []
  private(set) var applied: [String] = []
  /// The plan's problems, which are reported while a script runs.
  var problems: [ItemProblem] = []
  /// The newest state of the files.
  var latest: DesiredState
  /// Who held the lock for which a session of this pass waited, by the session's process.
  private var lockWaits: [Int: LockWait] = [:]
  /// Why nothing new is begun; nil where the pass continues.
  private(set) var ending: PassReport.Outcome?

  init(
    _ administration: Administration, _ cache: VerifierCache, _ desired: DesiredState, _ control: PassControl,
    beside: @escaping (DesiredState, borrowing Connection) throws(PostgresError) -> PassReport
  ) {
    self.administration = administration
    self.cache = cache
    self.desired = desired
    self.control = control
    self.beside = beside
    latest = desired
  }

  var isEnding: Bool { ending != nil }

  /// Begins nothing new, because the process must end.
  mutating func stop() { ending = .interrupted }

  /// Begins nothing new, if the files have changed.
  /// - Returns: whether they have.
  mutating func noticeNewFiles() -> Bool {
    guard let desired = control.reread(), desired != latest else { return false }
    latest = desired
    ending = ending ?? .superseded
    return true
  }

  /// The steps that can be tried. The items of the other steps fail, because an item that they require has failed.
  mutating func open(_ steps: ArraySlice<Step>) -> [Step] {
    steps.filter { step in
      guard !failed.contains(step.item) else { return false }
      guard let cause = step.requires.first(where: { failed.contains($0) || blocked.contains($0) }) else { return true }
      failed.insert(step.item)
      if case .script = step.item {
        waiting.append(ItemProblem(item: step.item.description, message: "waits for \(cause)"))
      }
      return false
    }
  }

  /// Runs the steps. Consecutive steps in one database share a connection; those in `postgres` use `connection`. A
  /// script has a connection of its own.
  /// - Throws: where `connection` breaks, because nothing can be done without it.
  mutating func run(_ steps: [Step], _ connection: borrowing Connection) throws(PostgresError) {
    var index = 0
    while index < steps.count, !isEnding {
      let database = steps[index].database
      if case .script(let script) = steps[index].work {
        runScript(script, steps[index], connection)
        if connection.isBroken { try connection.checkIsAlive() }
        index += 1
        continue
      }
      let end = steps[index...].firstIndex { $0.database != database || $0.isScript } ?? steps.count
      let group = open(steps[index..<end])
      index = end
      if database == Postern.database {
        runHere(group, connection)
        if connection.isBroken { try connection.checkIsAlive() }
      } else if !group.isEmpty {
        runElsewhere(group, in: database)
      }
    }
  }

  private mutating func runHere(_ steps: [Step], _ connection: borrowing Connection) {
    var rest = steps[...]
    while let step = rest.first, !isEnding {
      let ofDatabases = rest.prefix { if case .database = $0.item { true } else { false } }
      rest = rest.dropFirst(max(1, ofDatabases.count))
      if ofDatabases.isEmpty { run(step, connection) } else { runDatabases(ofDatabases, connection) }
    }
  }

  /// A step that ends its session takes no other along, and one that is to be alone has a session of its own.
  private mutating func runElsewhere(_ steps: [Step], in database: PostgresName) {
    var rest = steps[...]
    do throws(PostgresError) {
      while !rest.isEmpty, !isEnding {
        let connection = try administration.connect(to: database)
        var goesOn = true
        while goesOn, !isEnding, let step = rest.popFirst() {
          run(step, connection)
          goesOn = !connection.isBroken && !step.needsOwnSession && rest.first?.needsOwnSession != true
        }
      }
    } catch {
      for step in rest { fail(step, Failure(step.item, error)) }
    }
  }

  /// Whether a step must run now. It is checked before each step, so that the process can end between two steps.
  mutating func isToRun(_ step: Step) -> Bool { !open([step]).isEmpty && isToGoOn() }

  /// Whether anything new is begun.
  mutating func isToGoOn() -> Bool {
    if control.shouldStop() { stop() }
    return !isEnding
  }

  mutating func run(_ step: Step, _ connection: borrowing Connection) {
    guard isToRun(step) else { return }
    do throws(PostgresError) {
      switch step.work {
      case .transaction(let statements): try transact(statements, connection)
      case .alone(let statement): try perform(statement.description, connection)
      case .script: return
      }
    } catch {
      return fail(step, error)
    }
    succeed(step)
  }

  /// Notes that a step failed.
  mutating func fail(_ step: Step, _ error: PostgresError) {
    fail(step, Failure(step.item, naming(occupantsFor: step, error)))
  }

  /// The error with the sessions that keep a database from being renamed or copied. The server tells only how many they
  /// are.
  private func naming(occupantsFor step: Step, _ error: PostgresError) -> PostgresError {
    guard error.isServer(SQLState.objectInUse), case .database(let name) = step.item,
      let declared = desired.spec.databases.first(where: { $0.name == name }),
      let used = step.makesDatabase ? declared.template ?? Postern.emptyTemplate : declared.renamedFrom
    else { return error }
    do throws(PostgresError) {
      let sessions = try administration.connect(to: Postern.database).rows(Catalog.sessions(in: used))
      // If there is no such database any more, the step was another one.
      guard !sessions.isEmpty else { return error }
      var error = error
      error.hint =
        (step.makesDatabase
          ? "it is copied when nobody is connected to \(used.text): stop the applications that use that, or end "
          : "it is renamed to \(name.text) when nobody is connected: stop the applications that use the old name, or end ")
        + "their sessions; Postern ends none"
      error.detail = "connected to \(used.text): \(sessions.joined(separator: ", "))"
      return error
    } catch { return error }
  }

  mutating func succeed(_ step: Step) {
    control.log(step.isBookkeeping ? .debug : .info, step.title, step.details.map { ($0.key, $0.value) })
    if !step.isBookkeeping { applied.append(step.summary) }
  }

  mutating func fail(_ step: Step, _ failure: Failure) { fail(step.item, failure) }

  /// Notes that something about an item failed. What is told is the first failure.
  mutating func fail(_ item: Item, _ failure: Failure) {
    guard failed.insert(item).inserted, !failures.contains(where: { $0.item == item }) else { return }
    failures.append(failure)
  }

  /// Tries these items again, although a step of theirs has failed: what follows is about other objects.
  mutating func reopen(_ isToOpen: (Item) -> Bool) { failed = failed.filter { !isToOpen($0) } }

  /// Tries nothing more of the items of which anything has failed.
  mutating func close() { failed.formUnion(failures.map({ $0.item })) }

  /// A step that is told no more, if one like it was done: it does the same to other objects.
  func quiet(_ step: Step) -> Step {
    var step = step
    let summary = step.summary
    if applied.contains(where: { $0.utf8.elementsEqual(summary.utf8) }) { step.isBookkeeping = true }
    return step
  }

  /// Forgets failures that may disappear when the state is read again. They are reported if they happen again.
  mutating func forgetRaces() {
    guard failures.contains(where: { $0.isRace }) else { return }
    failures.removeAll(where: { $0.isRace })
    failed = Set(failures.map({ $0.item }))
    waiting = []
  }

  /// Runs statements in a transaction. If one sets a password, the server neither logs nor shows it, although it
  /// contains only a verifier.
  private mutating func transact(_ statements: [SQLStatement], _ connection: borrowing Connection) throws(PostgresError)
  {
    do throws(PostgresError) {
      try connection.execute("BEGIN")
      var made: [(PostgresName, String, Password)] = []
      for statement in statements {
        switch statement {
        case .sql(let text): try perform(text, connection)
        case .setPassword(let role):
          guard let password = password(of: role) else { continue }
          let verifier = try cache.verifier(of: password, connection)
          try connection.execute(StatementLogging.offInTransaction)
          try perform(SQLStatement.password(of: role, verifier: verifier), connection)
          made.append((role, verifier, password))
        }
      }
      try connection.execute("COMMIT")
      for (role, verifier, password) in made { cache.note(role, stored: verifier, password: password) }
    } catch {
      if !connection.isBroken { try connection.execute("ROLLBACK") }
      throw error
    }
  }

  /// Runs SQL as the superuser.
  mutating func perform(_ sql: String, _ connection: borrowing Connection) throws(PostgresError) {
    try connection.send(sql, dropsRows: true)
    try receive(connection)
  }

  /// Receives the answer to what was sent. If the server has not answered after a second, it checks whether it waits for
  /// a lock of another session.
  mutating func receive(_ connection: borrowing Connection) throws(PostgresError) {
    while !connection.hasAnswer() {
      if !SocketWait.wait(for: connection.socket, .readable, milliseconds: Self.patience) {
        noteLockHolders(before: connection)
      }
    }
    let holders = lockWaits.removeValue(forKey: connection.serverProcess)?.holders ?? []
    do throws(PostgresError) { try connection.receive() } catch {
      guard error.isServer(SQLState.lockNotAvailable), !holders.isEmpty else { throw error }
      var error = error
      error.lockHolders = holders.joined(separator: ", ")
      throw error
    }
  }

  /// How long the server may take before it is asked what it waits for, in milliseconds.
  static let patience = 1000

  /// Asks who holds the lock that a session waits for.
  mutating func noteLockHolders(before connection: borrowing Connection) {
    let process = connection.serverProcess
    var wait = lockWaits[process] ?? LockWait()
    defer { lockWaits[process] = wait }
    wait.ticks += 1
    guard wait.holders.isEmpty, wait.asksForHolders else { return }
    do throws(PostgresError) {
      wait.holders = try administration.connect(to: Postern.database).rows(Catalog.blockers(of: process))
    } catch { control.log(.debug, "cannot ask who holds a lock", [("reason", error.description)]) }
  }

  /// The superuser's is its own alone: a user, or the second login of one, may have been declared by its name.
  private func password(of role: PostgresName) -> Password? {
    role.text.utf8.elementsEqual(administration.settings.user.utf8)
      ? desired.adminPassword : desired.passwords[role]
  }
}

extension Step {
  /// Whether it makes a database.
  var makesDatabase: Bool {
    guard case .database = item, case .alone = work else { return false }
    return true
  }

  /// Whether it runs on a connection of its own.
  var isScript: Bool { if case .script = work { true } else { false } }
}
