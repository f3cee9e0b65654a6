import DatabaseSpec
package import LibPQ
import LogLine
package import Provisioning

/// Makes a server match the declaration, in passes: read, plan, run, and read again until nothing is left to do.
package struct Provisioner {
  /// How many times a pass plans. The second plan sees what is in a new database, and what a script has created, and the
  /// last but one that rights are taken back.
  private static let maximumRounds = 5
  /// How many gaps are read at once, of all databases together.
  private static let gapLimit = 2000

  private let administration: Administration
  private let cache: VerifierCache
  private let known: ContentsCache
  private let control: PassControl

  /// A provisioner of the server at `settings`, where it logs in as a superuser; which database is its own choice.
  /// `cache` and `known` remember what one pass found out for the next.
  package init(
    settings: ConnectionSettings, cache: VerifierCache = VerifierCache(), known: ContentsCache = ContentsCache(),
    control: PassControl
  ) {
    administration = Administration(settings)
    self.cache = cache
    self.known = known
    self.control = control
  }

  /// Does everything that is needed, and reports it. Problems are in the report.
  /// - Throws: where the superuser cannot log in.
  package func pass(_ desired: DesiredState) throws(PostgresError) -> PassReport {
    let connection = try administration.connect()
    let start = try connection.row(Catalog.start)
    control.loggedIn(start.time)
    if start.isStandby { return try standby(desired, connection) }
    // Two servers on one data folder ruin it. This one is about to end, and what is written to it may be lost.
    if let rival = try connection.row(Catalog.rival) {
      let message =
        rival == .started
        ? "another Postgres was started on this one's data folder: nothing is written"
        : "another Postgres has ended on this one's data folder, and took its lock file away: nothing is written"
      return PassReport(
        outcome: .incomplete,
        problems: [
          ItemProblem(
            item: "server", message: message,
            hint: "end this Pod, and never run two on one volume: write strategy: {type: Recreate} in the Deployment")
        ])
    }
    do throws(PostgresError) {
      let wait = try lock(desired, connection)
      guard wait.isLocked else { return PassReport(outcome: .interrupted, applied: wait.applied) }
      var report = try pass(desired, connection, runsScripts: wait.leftOver == nil)
      report.applied = wait.applied + report.applied
      if let session = wait.leftOver {
        report.problems.append(Failure(.server, Self.leftOver(session)).problem)
        if report.outcome == .converged { report.outcome = .incomplete }
      }
      return KnownFailures(customer: desired.spec.customer, control: control).settle(report, connection)
    } catch {
      return PassReport(
        outcome: error.isDisconnection ? .disconnected : .incomplete, problems: [Failure(.server, error).problem])
    }
  }

  /// On a standby nothing can be done, but it may lag behind: only when it has all logins as the files say, applications
  /// can be told of them.
  private func standby(
    _ desired: DesiredState, _ connection: borrowing Connection
  ) throws(PostgresError) -> PassReport {
    var report = PassReport(outcome: .standby)
    let rotating = desired.spec.turningUsers
    guard !rotating.isEmpty else { return report }
    let observer = Observer(administration: administration, cache: cache, known: ContentsCache())
    let roles = try observer.observeServer(desired, connection).roles
    report.heldLogins = rotating.map({ $0.name }).filter { user in
      guard let login = desired.logins[user] else { return true }
      var names = [desired.login(of: user).role]
      if login.other == .pending { names.append(login.isSecond ? user : user.secondLogin ?? user) }
      return !names.allSatisfy { roles[$0]?.canLogIn == true && roles[$0]?.password == .matches }
    }
    return report
  }

  /// What a pass would do, as redacted SQL with a comment for each step; empty where there is nothing to do.
  package func plan(_ desired: DesiredState) throws(PostgresError) -> [String] { try look(desired).plan.lines }

  /// What a pass would find, and what it would do.
  package func look(_ desired: DesiredState) throws(PostgresError) -> Survey {
    let connection = try administration.connect()
    let administration = administration.adapted(to: connection.serverVersion, isPass: false)
    let observer = Observer(administration: administration, cache: cache, known: ContentsCache())
    let state = try observer.observe(desired, connection).state
    return Survey(state: state, plan: Provisioning.plan(desired, state))
  }

  /// Waits for the lock, unless the process must end first. The lock ends with the connection. Urgent work is done
  /// without the lock, because another pass may take long; it is returned.
  private func lock(
    _ desired: DesiredState, _ connection: borrowing Connection
  ) throws(PostgresError) -> (isLocked: Bool, leftOver: PassSession?, applied: [String]) {
    var isWaiting = false
    var applied: [String] = []
    while !control.shouldStop() {
      if try connection.row(Catalog.tryLock) { return (true, try endOtherPasses(connection), applied) }
      if !isWaiting {
        control.log(.info, "waiting for another pass to end", [])
        var executor = executor(desired, connection)
        _ = try runUrgent(&executor, connection)
        applied = executor.applied
      }
      isWaiting = true
      _ = try connection.query("SELECT pg_sleep(0.2)")
    }
    return (false, nil, applied)
  }

  /// Ends the sessions of a pass that has lost its lock. The server continues the statement of a client that was
  /// killed, and a script that is being committed would otherwise run a second time.
  /// - Returns: one that has not ended in five seconds, which may be of a script.
  /// - Throws: where it is a superuser's, which may do anything.
  private func endOtherPasses(_ connection: borrowing Connection) throws(PostgresError) -> PassSession? {
    var left = try connection.rows(Catalog.endSessions(named: Administration.passName))
    var tries = 0
    while !left.isEmpty, tries < 100 {
      tries += 1
      _ = try connection.query("SELECT pg_sleep(0.05)")
      let present = try connection.rows(Catalog.endSessions(named: Administration.passName))
      left = left.filter { session in present.contains { $0.identity.utf8.elementsEqual(session.identity.utf8) } }
    }
    if let session = left.first(where: { $0.isSuperuser }) { throw Self.leftOver(session) }
    return left.first
  }

  private static func leftOver(_ session: PassSession) -> PostgresError {
    PostgresError(
      kind: .server, message: "a session of an earlier pass does not end: \(session.description)",
      hint: session.isSuperuser
        ? "nothing is done until it has ended: see what its process waits for; SIGKILL of it restarts Postgres"
        : "no script is run until it has ended: see what its process waits for; SIGKILL of it restarts Postgres")
  }

  private func executor(_ desired: DesiredState, _ connection: borrowing Connection) -> Executor {
    Executor(administration.adapted(to: connection.serverVersion, isPass: true), cache, desired, control) {
      desired, connection throws(PostgresError) in try pass(desired, connection, runsScripts: false)
    }
  }

  /// Locks the users that must be locked, and sets passwords.
  /// - Returns: the server's state afterwards; nil where it must be read again.
  private func runUrgent(
    _ executor: inout Executor, _ connection: borrowing Connection
  ) throws(PostgresError) -> ObservedState? {
    let observer = Observer(administration: executor.administration, cache: cache, known: known)
    let server = try observer.observeServer(executor.desired, connection)
    let plan = Provisioning.planUrgent(executor.desired, server)
    executor.blocked = Set(plan.problems.filter({ $0.isFailure }).map({ $0.item }))
    guard !plan.steps.isEmpty else { return server }
    try executor.run(executor.open(plan.steps[...]), connection)
    try check(executor.failures, connection)
    executor.forgetRaces()
    return nil
  }

  private func pass(
    _ desired: DesiredState, _ connection: borrowing Connection, runsScripts: Bool
  ) throws(PostgresError) -> PassReport {
    var executor = executor(desired, connection)
    let observer = Observer(
      administration: executor.administration, cache: cache, known: known, gapLimit: Self.gapLimit)
    known.passBegins()
    var server = try runUrgent(&executor, connection)
    if executor.isEnding { return report(executor, []) }
    var warnings: [ItemProblem] = []
    var round = 0
    while round < Self.maximumRounds {
      let observation = try observer.observe(desired, connection, server)
      round += 1
      let unread = observation.unread
      server = nil
      try check(unread, connection)
      let plan = Provisioning.plan(desired, observation.state)
      for failure in unread { executor.failed.insert(failure.item) }
      executor.blocked = Set(plan.problems.filter({ $0.isFailure }).map({ $0.item }))
      let unsettled = executor.failed.union(executor.blocked).union(plan.steps.map({ $0.item }))
      known.note(observation.looked, observation.state, unsettled: Set(unsettled.compactMap({ $0.database })))
      var steps = executor.open(plan.steps[...])
      if !runsScripts { steps.removeAll { $0.isScript } }
      let found = plan.problems.map({ $0.itemProblem }) + unread.map({ $0.problem })
      // A warning about a step is reported even if the next round finds the step done.
      warnings = warnings.filter { !found.contains($0) }
      let problems = warnings + found
      warnings += found.filter { !$0.isFailure }
      executor.problems = problems
      // Behind gaps that nothing can be done about there may be others.
      let hasMore = round == 1 && !observation.unfinished.isEmpty
      if steps.isEmpty && !hasMore || round == Self.maximumRounds {
        let unsettled = steps.map {
          ItemProblem(
            item: $0.item.description, message: "is still to be done after \(round - 1) rounds: \($0.summary)",
            hint: "something else may be changing it as well")
        }
        return report(executor, problems + unsettled, undone: Set(steps.map({ $0.item })))
      }
      known.forget(steps)
      let failedBefore = executor.failed
      try executor.run(steps, connection)
      try check(executor.failures, connection)
      for walk in observation.unfinished {
        warnings += try finish(walk, observation.state, observer, &executor, connection, except: failedBefore)
          .filter { !warnings.contains($0) }
      }
      if executor.isEnding { return report(executor, problems) }
      if round < Self.maximumRounds - 1 { executor.forgetRaces() }
    }
    return report(executor, [])
  }

  /// Gives and takes rights on the objects behind those that a plan was about, part by part. Each object is tried once: one
  /// that fails keeps neither the pass, nor other objects of the same user.
  /// - Parameters:
  ///   - state: what the plan was made of.
  ///   - closed: items that have failed in an earlier round.
  /// - Returns: warnings about these steps.
  private func finish(
    _ walk: GapWalk, _ state: ObservedState, _ observer: Observer, _ executor: inout Executor,
    _ connection: borrowing Connection, except closed: Set<Item>
  ) throws(PostgresError) -> [ItemProblem] {
    let name = walk.database
    var warnings: [ItemProblem] = []
    var next: GapWalk? = walk
    while let walk = next, executor.isToGoOn(), !executor.noticeNewFiles() {
      let reading: GapReading
      do throws(PostgresError) { reading = try observer.observeGaps(walk) } catch {
        executor.fail(.database(name), Failure(.database(name), error))
        break
      }
      guard let plan = Provisioning.planFurtherGrants(executor.desired, state, on: name, reading.gaps) else { break }
      warnings += plan.problems.map({ $0.itemProblem }).filter { !warnings.contains($0) }
      executor.reopen { if case .grant(_, on: name) = $0 { !closed.contains($0) } else { false } }
      try executor.run(executor.open(plan.steps[...]).map { executor.quiet($0) }, connection)
      next = reading.end.map { GapWalk(database: name, questions: walk.questions, end: $0) }
    }
    executor.close()
    try check(executor.failures, connection)
    return warnings
  }

  /// Checks, if a connection has ended, whether all have.
  /// - Throws: if so, because then Postgres has gone, and no item has caused it.
  private func check(_ failures: [Failure], _ connection: borrowing Connection) throws(PostgresError) {
    if failures.contains(where: { $0.isDisconnection }) { try connection.checkIsAlive() }
  }

  private func report(_ executor: Executor, _ problems: [ItemProblem], undone: Set<Item> = []) -> PassReport {
    let problems = problems + executor.failures.map({ $0.problem }) + executor.waiting
    let outcome: PassReport.Outcome =
      executor.ending ?? (problems.contains(where: { $0.isFailure }) ? .incomplete : .converged)
    var report = PassReport(outcome: outcome, applied: executor.applied, problems: problems)
    let unsettled = executor.failed.union(executor.blocked).union(undone)
    report.heldLogins = executor.desired.spec.turningUsers.map({ $0.name }).filter { user in
      unsettled.contains(.user(user)) || unsettled.contains(.rotation(of: user)) || unsettled.contains(.server)
    }
    return report
  }
}
