import DatabaseSpec
package import Provisioning

/// How the status changes with each event. There is no IO, so that the rules of readiness can be read and tested here.
extension Status {
  /// The status of a sidecar that has just started, where an earlier one has left this status.
  package init(after previous: Status) {
    self.init(
      specHash: previous.specHash, appliedAt: previous.appliedAt, convergedStart: previous.convergedStart)
  }

  /// Postgres does not answer, or refuses the login. Until a pass has converged again, its state is unknown.
  package mutating func postgresIsAway(_ message: String) {
    isReady = false
    outcome = .waitingForPostgres
    self.message = message
    problems = []
    logins = nil
  }

  /// The login worked. If no pass has converged since this Postgres started, it counts as another Postgres, whose state
  /// must be checked first.
  package mutating func postgresIsThere(startedAt start: String) {
    isReady = convergedStart.map { $0.utf8.elementsEqual(start.utf8) } ?? false
    // What was known of the logins is not known of this one.
    if !(postgresStart.map { $0.utf8.elementsEqual(start.utf8) } ?? false) { logins = nil }
    postgresStart = start
  }

  /// Postgres has no connection left for the superuser. Its contents and the readiness stay.
  package mutating func postgresIsFull(_ message: String) {
    outcome = .waitingForPostgres
    self.message = message
  }

  /// The files cannot be used. The contents of Postgres and the readiness stay.
  package mutating func filesAreUnusable(_ message: String) {
    outcome = .waitingForFiles
    self.message = message
  }

  /// A script begins, after everything else was done as far as possible; or it has ended.
  package mutating func scriptRuns(_ script: RunningScript?, _ problems: [ItemProblem]) {
    running = script
    if script != nil { self.problems = problems }
  }

  /// A pass without scripts has ended while a script runs.
  package mutating func passEndedBesideScript(_ report: PassReport, _ desired: DesiredState) {
    problems = report.problems
    loginsWereSet(report, desired)
  }

  /// The logins are on the server as these files say, except those that the report names. What a pass did not look at stays
  /// as it was told before.
  private mutating func loginsWereSet(_ report: PassReport, _ desired: DesiredState) {
    switch report.outcome {
    case .converged, .incomplete, .standby: break
    case .disconnected, .superseded, .interrupted: return
    }
    let turning = Set(desired.spec.turningUsers.map({ $0.name }))
    guard !turning.isEmpty, let generation = desired.generation else {
      logins = nil
      return
    }
    guard let held = report.heldLogins else { return }
    // The kubelet may have brought the Secret before the ConfigMap. Then nothing was done for a user of whom only the
    // Secret says that the password turns.
    let unknown = desired.logins.keys.filter { !turning.contains($0) }.sorted()
    logins = Logins(generation: generation, held: (held + unknown).map({ $0.text }))
  }

  /// A pass has ended. A change that fails does not make a ready Pod unready, because its database still works.
  package mutating func passEnded(
    _ report: PassReport, _ desired: DesiredState, generation: String? = nil, at time: String
  ) {
    customer = desired.spec.customer
    switch report.outcome {
    case .converged, .incomplete, .standby: tried = Tried(specHash: desired.specHash, generation: generation)
    case .disconnected, .superseded, .interrupted: break
    }
    loginsWereSet(report, desired)
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
      // After a restart of Postgres, failures that were known before do not make the Pod unready.
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
