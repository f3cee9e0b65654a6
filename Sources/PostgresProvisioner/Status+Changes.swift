import DatabaseSpec
package import Provisioning

/// What becomes of the status as things happen: no IO, so that the rules of readiness can be read and tested here.
extension Status {
  /// The status of a sidecar that has just started, where one before it has left this one.
  package init(after previous: Status) {
    self.init(
      specHash: previous.specHash, appliedAt: previous.appliedAt, convergedStart: previous.convergedStart)
  }

  /// Postgres does not answer, or refuses the login: until a pass has converged again it is not known what it holds.
  package mutating func postgresIsAway(_ message: String) {
    isReady = false
    outcome = .waitingForPostgres
    self.message = message
    problems = []
  }

  /// The login worked. A Postgres over which no pass has converged since it started is another one: what it holds has to
  /// be seen first.
  package mutating func postgresIsThere(startedAt start: String) {
    isReady = convergedStart.map { $0.utf8.elementsEqual(start.utf8) } ?? false
    postgresStart = start
  }

  /// It has no connection left for the superuser. What it holds stays, and so does readiness.
  package mutating func postgresIsFull(_ message: String) {
    outcome = .waitingForPostgres
    self.message = message
  }

  /// The files cannot be gone by. What is in Postgres stays, and so does readiness.
  package mutating func filesAreUnusable(_ message: String) {
    outcome = .waitingForFiles
    self.message = message
  }

  /// A script runs from now on, after all else was done as far as it could be; or it has ended.
  package mutating func scriptRuns(_ script: RunningScript?, _ problems: [ItemProblem]) {
    running = script
    if script != nil { self.problems = problems }
  }

  /// Everything but scripts was done while a script runs.
  package mutating func passEndedBesideScript(_ report: PassReport) {
    problems = report.problems
  }

  /// A pass has ended. A failing change does not make a Pod unready that was ready: its database works.
  package mutating func passEnded(_ report: PassReport, _ desired: DesiredState, at time: String) {
    customer = desired.spec.customer
    problems = report.problems
    message = nil
    switch report.outcome {
    case .converged:
      outcome = .converged
      isReady = true
      convergedStart = postgresStart
      if specHash != desired.specHash || !report.applied.isEmpty || appliedAt == nil { appliedAt = time }
      specHash = desired.specHash
    case .standby:
      outcome = .standby
      isReady = true
      convergedStart = postgresStart
      message = "Postgres is a standby: its primary is provisioned, and this one when it is promoted"
    case .incomplete:
      outcome = .incomplete
      // After a new start of Postgres, what had failed before keeps nobody from what works.
      if report.isKnownToFail {
        isReady = true
        convergedStart = postgresStart
      }
      message = "\(report.problems.filter { $0.isFailure }.count) items failed; they are tried again"
    case .disconnected:
      outcome = .waitingForPostgres
      message = report.problems.first.map { "the connection to Postgres ended: \($0.message)" }
      problems = []
    case .superseded: break
    case .interrupted:
      outcome = .interrupted
      message = "the pass was stopped between two steps; the next start goes on from there"
    }
  }
}
