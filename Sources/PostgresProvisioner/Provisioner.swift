import DatabaseSpec
package import LibPQ
package import LogLine
package import Provisioning

/// Makes a server hold what is declared, in passes: read, plan, run, and read again until nothing is left to do.
package struct Provisioner {
  /// How often a pass plans anew: what is in a new database, or made by a script, is seen by the second plan.
  private static let maximumRounds = 4

  private let administration: Administration
  private let cache: VerifierCache
  private let log: Log
  private let shouldStop: () -> Bool

  /// A provisioner of the server at `settings`, where it logs in as a superuser; which database is its own choice.
  /// `cache` remembers what one pass found out for the next; `log` takes each step as it is done; `shouldStop` is asked
  /// between two steps.
  package init(
    settings: ConnectionSettings, cache: VerifierCache = VerifierCache(), log: @escaping Log,
    shouldStop: @escaping () -> Bool
  ) {
    administration = Administration(settings)
    self.cache = cache
    self.log = log
    self.shouldStop = shouldStop
  }

  /// Does what there is to do, and reports. It never throws: what is wrong is in the report.
  package func pass(_ desired: DesiredState) -> PassReport {
    do throws(PostgresError) { return try pass(desired, loggedIn: { _ in }) } catch {
      return PassReport(outcome: .incomplete, problems: [Failure(.server, error).problem])
    }
  }

  /// The same, where it matters that nobody could log in. `loggedIn` is told when the server started, in seconds since
  /// 1970, before anything is done.
  /// - Throws: where the superuser cannot log in.
  package func pass(_ desired: DesiredState, loggedIn: (String) -> Void) throws(PostgresError) -> PassReport {
    let connection = try administration.connect()
    let start = try connection.row(Catalog.start)
    loggedIn(start.time)
    if start.isStandby { return PassReport(outcome: .standby) }
    do throws(PostgresError) {
      guard try lock(connection) else { return PassReport(outcome: .interrupted) }
      return try pass(desired, connection)
    } catch {
      return PassReport(
        outcome: error.isDisconnection ? .disconnected : .incomplete, problems: [Failure(.server, error).problem])
    }
  }

  /// What a pass would do, as redacted SQL with a comment for each step; empty where there is nothing to do.
  package func plan(_ desired: DesiredState) throws(PostgresError) -> [String] {
    let connection = try administration.connect()
    let administration = administration.adapted(to: connection.serverVersion, isPass: false)
    let observer = Observer(administration: administration, cache: cache)
    return Provisioning.plan(desired, try observer.observe(desired, connection).0).lines
  }

  /// Waits for the lock; false where the process is to end first. The lock ends with the connection.
  private func lock(_ connection: borrowing Connection) throws(PostgresError) -> Bool {
    var isWaiting = false
    while !shouldStop() {
      if try connection.row(Catalog.tryLock) {
        try endOtherPasses(connection)
        return true
      }
      if !isWaiting { log(.info, "waiting for another pass to end", []) }
      isWaiting = true
      _ = try connection.query("SELECT pg_sleep(0.2)")
    }
    return false
  }

  /// Ends what a pass has left that lost its lock: the server goes on with the statement of a client that was killed,
  /// and a script that is being committed would run a second time beside it.
  private func endOtherPasses(_ connection: borrowing Connection) throws(PostgresError) {
    guard try connection.rows(Catalog.endSessions(named: Administration.passName)).allSatisfy({ $0 }) else {
      throw PostgresError(kind: .server, message: "a session of an earlier pass does not end")
    }
  }

  private func pass(
    _ desired: DesiredState, _ connection: borrowing Connection
  ) throws(PostgresError) -> PassReport {
    let administration = administration.adapted(to: connection.serverVersion, isPass: true)
    let observer = Observer(administration: administration, cache: cache)
    var executor = Executor(administration, cache, desired, log: log, shouldStop: shouldStop)
    var warnings: [ItemProblem] = []
    for round in 1...Self.maximumRounds {
      let (observed, unread) = try observer.observe(desired, connection)
      try check(unread, connection)
      let plan = Provisioning.plan(desired, observed)
      for failure in unread { executor.failed.insert(failure.item) }
      executor.blocked = Set(plan.problems.filter({ $0.isFailure }).map({ $0.item }))
      let steps = executor.open(plan.steps[...])
      let found = plan.problems.map({ $0.itemProblem }) + unread.map({ $0.problem })
      // What is told of a step is told, though the next round finds it done.
      warnings = warnings.filter { !found.contains($0) }
      let problems = warnings + found
      warnings += found.filter { !$0.isFailure }
      if steps.isEmpty || round == Self.maximumRounds {
        let unsettled = steps.map {
          ItemProblem(
            item: $0.item.description, message: "is still to be done after \(round - 1) rounds: \($0.summary)",
            hint: "something else may be changing it as well")
        }
        return report(executor, problems + unsettled)
      }
      try executor.run(steps, connection)
      try check(executor.failures, connection)
      if executor.isInterrupted { return report(executor, problems) }
      if round < Self.maximumRounds - 1 { executor.forgetRaces() }
    }
    return report(executor, [])
  }

  /// Where some connection ended, perhaps all did.
  /// - Throws: if so: Postgres has gone, and no item is to blame for it.
  private func check(_ failures: [Failure], _ connection: borrowing Connection) throws(PostgresError) {
    if failures.contains(where: { $0.isDisconnection }) { try connection.checkIsAlive() }
  }

  private func report(_ executor: Executor, _ problems: [ItemProblem]) -> PassReport {
    let problems = problems + executor.failures.map({ $0.problem })
    let outcome: PassReport.Outcome =
      executor.isInterrupted ? .interrupted : problems.contains(where: { $0.isFailure }) ? .incomplete : .converged
    return PassReport(outcome: outcome, applied: executor.applied, problems: problems)
  }
}
