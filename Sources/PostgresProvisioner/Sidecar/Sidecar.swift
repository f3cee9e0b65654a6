import Contract
import LibPQ
package import Linux
package import LogLine
import Provisioning

/// The sidecar's loop: wait for Postgres, read the files, run a pass, report the result, wait for a reason to run the
/// next pass. It uses one thread. Every wait ends at once when a file changes or the process is asked to end.
package final class Sidecar {
  private let configuration: SidecarConfiguration
  private let passes: SidecarPasses
  private let writer: LogWriter
  private let reader: VolumeReader
  private let watch: FolderWatch
  private var status: Status
  /// The content of the status file, so that it is written only when something has changed.
  private var written: Status?
  private var failures = 0
  /// The problems that the last pass has reported, and those that the present pass has.
  private var told: [ItemProblem] = []
  private var toldInPass: [ItemProblem] = []
  /// The host at which Postgres last answered.
  private var host: String
  /// The server's sockets when the last login began.
  private var sockets: [UInt64] = []
  /// The settings of the last login.
  private var settings: ConnectionSettings?
  private var counts = StatusPages.Counts()
  /// Nil where no port is configured, or it cannot be opened.
  private var server: StatusServer?
  private var isPortTaken = false
  /// The user that pings name. The server would log every ping of a role that does not exist.
  private var user = "postgres"

  /// A sidecar that has not started.
  package init(
    _ configuration: SidecarConfiguration, passes: SidecarPasses, writer: LogWriter,
    environment: @escaping (String) -> String? = CurrentProcess.environment
  ) throws(FileError) {
    self.configuration = configuration
    self.passes = passes
    self.writer = writer
    host = configuration.hosts.first ?? ""
    status = StatusFile(path: configuration.statusFile).status().map { Status(after: $0) } ?? Status()
    reader = VolumeReader(mountPath: configuration.volume, environment: environment)
    // Before the first read, so that no change is missed.
    watch = try FolderWatch(reader.folders)
  }

  /// Runs until the process is asked to end, or, with `once`, for one pass.
  /// - Returns: the exit code: 0, or 1 where the only pass did not converge.
  package func run() throws(FileError) -> Int32 {
    writer.log(.info, "started", [("postgres", configuration.place), ("volume", configuration.volume)])
    saveStatus()
    learnUser()
    while !CurrentProcess.stopRequested {
      listen()
      guard try waitForPostgres() else { break }
      let outcome = makePass()
      saveStatus()
      guard !CurrentProcess.stopRequested else { break }
      // The files have changed meanwhile: apply the change at once.
      guard outcome != .superseded else { continue }
      // A standby that lags behind is looked at again soon.
      let isDone = outcome?.isDone == true && !(outcome == .standby && status.logins?.held.isEmpty == false)
      if configuration.once { return isDone ? 0 : 1 }
      failures = isDone ? 0 : failures + 1
      CurrentProcess.releaseMemory()
      try waitForReason()
    }
    writer.log(.info, "stopped")
    return configuration.once ? 1 : 0
  }

  // MARK: The status port

  /// Opens the port, if that has not been possible yet.
  private func listen() {
    guard server == nil, !configuration.once, let number = configuration.statusPort else { return }
    do throws(FileError) {
      let port = try TCPPort(number)
      let server = StatusServer(port, waiting: SidecarContainer.ReadinessProbe.patience) { [self] in
        StatusPages(status: status, counts: counts, token: reader.statusToken).answer($0, mayWait: $1)
      }
      self.server = server
      Meanwhile.see(to: port.descriptor) { server.serve() }
      writer.log(.info, "the status is at a port", [("port", String(number))])
    } catch {
      if !isPortTaken {
        writer.log(
          .error, "cannot listen: the Pod does not become ready where its probe asks here",
          [
            ("reason", error.message),
            ("hint", "give another one with the annotation \(AnnotationKey.statusPort), or \"\(StatusPort.none)\""),
          ])
      }
      isPortTaken = true
    }
  }

  // MARK: Waiting

  /// Waits until Postgres is there; returns false if the process must end first.
  private func waitForPostgres() throws(FileError) -> Bool {
    var answer = ping()
    guard answer != .accepting else { return true }
    writer.log(.info, "waiting for Postgres", [("port", String(configuration.port))])
    var reason: String?
    var isTold = false
    var attempt = 0
    while answer != .accepting {
      let found = whyAway(answer, attempt: attempt, before: reason)
      if !isTold || found.map({ Array($0.utf8) }) != reason.map({ Array($0.utf8) }) {
        isTold = true
        reason = found
        if let reason {
          writer.log(
            .info, answer == .noResponse ? "nobody answers over TCP" : "Postgres refuses connections",
            [("reason", reason)])
        }
        status.postgresIsAway(
          "Postgres does not take connections on \(configuration.place)" + (reason.map { ": \($0)" } ?? ""))
        saveStatus()
      }
      let wake = try watch.wait(milliseconds: SidecarBackoff.ping(attempt: attempt, answer))
      guard !wake.stopRequested else { return false }
      let next = ping()
      attempt = next == answer ? attempt + 1 : 0
      answer = next
    }
    writer.log(.info, "Postgres takes connections")
    return true
  }

  /// Why Postgres does not take connections; nil where nothing tells.
  /// - Parameter before: what was found by the last attempt with this answer.
  private func whyAway(_ answer: PingStatus, attempt: Int, before: String?) -> String? {
    switch answer {
    case .rejecting(let refusal): return refusal?.refusalReason
    case .noResponse where settings == nil:
      // After a login, the place where Postgres listens is known. Sockets are read only now and then, because that
      // costs more than a ping.
      return attempt.isMultiple(of: 25) ? ServerSockets.reasonForSilence(port: configuration.port) : before
    case .noResponse, .accepting, .notAttempted: return nil
    }
  }

  private func ping() -> PingStatus {
    let (answer, host) = configuration.ping(user: user)
    if answer == .accepting { self.host = host }
    return answer
  }

  private func learnUser() {
    do throws(VolumeError) { user = try reader.read().adminUser } catch { return }
  }

  /// Waits for a reason for another pass: a changed file, the time, another Postgres than before, or the end.
  private func waitForReason() throws(FileError) {
    var nextLogin = SystemClock.monotonicMilliseconds + Int64(SidecarBackoff.login)
    let delay = failures == 0 ? SidecarBackoff.resync : SidecarBackoff.retry(failures: failures)
    let deadline = SystemClock.monotonicMilliseconds + Int64(delay)
    if status.outcome == .incomplete { writer.log(.info, "trying again", [("seconds", String((delay + 999) / 1000))]) }
    while true {
      let left = Int(deadline - SystemClock.monotonicMilliseconds)
      guard left > 0 else { return }
      listen()
      let wake = try watch.wait(milliseconds: min(left, SidecarBackoff.liveness))
      guard !wake.stopRequested else { return }
      if wake.filesChanged { return try settle() }
      guard left > SidecarBackoff.liveness else { continue }
      let isSame = isSameProcess
      if isSame == true, status.outcome != .standby { continue }
      // Where another process listens, it is looked at now.
      if isSame != false, settings != nil {
        guard SystemClock.monotonicMilliseconds >= nextLogin else { continue }
        nextLogin = SystemClock.monotonicMilliseconds + Int64(SidecarBackoff.login)
      }
      if isAnotherPostgres { return }
    }
  }

  /// Whether the process listens that the last pass logged in to; nil where the system does not tell.
  private var isSameProcess: Bool? {
    guard settings != nil, ConnectionSettings.isLocal(host), !sockets.isEmpty else { return nil }
    return ServerSockets.identity(port: configuration.port) == sockets
  }

  /// Whether Postgres is no longer the one that the last pass saw: it has stopped, was restarted, perhaps on other
  /// data, or was promoted.
  private var isAnotherPostgres: Bool {
    guard let settings else { return ping() != .accepting }
    let present = ServerSockets.identity(port: configuration.port)
    do throws(PostgresError) {
      let seen = try Self.look(settings)
      guard seen.time.utf8.elementsEqual((status.postgresStart ?? "").utf8),
        seen.isStandby || status.outcome != .standby
      else { return true }
      sockets = present
      return false
    } catch {
      // A server that refuses this login for now may be the same.
      return ping() != .accepting
    }
  }

  /// The kubelet makes several changes for one update. Wait until there has been none for 5 ms, but no longer than 20
  /// ms.
  private func settle() throws(FileError) {
    for _ in 0..<4 {
      let wake = try watch.wait(milliseconds: 5)
      guard wake.filesChanged else { return }
    }
  }

  // MARK: One pass

  /// Runs a pass and returns how it ended; nil where none could be made.
  private func makePass() -> PassReport.Outcome? {
    let contents: VolumeContents
    do throws(VolumeError) { contents = try reader.read() } catch {
      // A problem that persists is logged once.
      if status.message != error.message { writer.log(.warning, error.message) }
      status.filesAreUnusable(error.message)
      return nil
    }
    user = contents.adminUser
    told = toldInPass
    toldInPass = []
    let settings = configuration.settings(for: contents, host: host)
    sockets = ServerSockets.identity(port: configuration.port)
    self.settings = settings
    var report: PassReport
    do throws(PostgresError) {
      report = try passes.pass(contents.desired, settings, control)
    } catch {
      loginFailed(error, settings, contents.unreadPassword)
      return nil
    }
    if let problem = contents.unreadPassword {
      report.problems.append(
        ItemProblem(
          item: "server", message: "\(problem): it is not used, and loopback lets in without it",
          hint:
            "let the sidecar's user read the file (defaultMode, fsGroup), or name it by \(AnnotationKey.adminSecret)",
          isFailure: false))
    }
    tell(report, specHash: contents.desired.specHash)
    status.passEnded(report, contents.desired, generation: contents.desired.generation, at: SystemClock.timestamp())
    counts = .init(
      passes: counts.passes + 1, failuresInARow: report.outcome.isDone ? 0 : counts.failuresInARow + 1,
      lastEnd: SystemClock.wallMilliseconds)
    if report.outcome == .disconnected, ping() != .accepting { status.postgresIsAway(status.message ?? "") }
    return report.outcome
  }

  private var control: PassControl {
    var control = PassControl(
      log: { [writer] in writer.log($0, $1, $2) }, shouldStop: { CurrentProcess.stopRequested })
    control.loggedIn = { [self] in postgresIsThere(startedAt: $0) }
    control.isReady = { [self] in status.isReady }
    control.wait = { [self] in wait(for: $0, milliseconds: $1) }
    control.reread = { [reader] in
      do throws(VolumeError) { return try reader.read().desired } catch { return nil }
    }
    control.scriptRuns = { [self] script, problems in
      tellProblems(problems)
      status.scriptRuns(script, problems)
      saveStatus()
    }
    control.passEnded = { [self] report, desired in
      tellProblems(report.problems)
      status.passEndedBesideScript(report, desired)
      saveStatus()
    }
    return control
  }

  /// Waits for a script's answer, and for events that must be handled while it runs.
  private func wait(for socket: Int32, milliseconds: Int) -> PassWake {
    do throws(FileError) {
      let wake = try watch.wait(milliseconds: milliseconds, orReadable: socket)
      if wake.stopRequested { return .stopRequested }
      if wake.isReadable { return .readable }
      guard wake.filesChanged else { return .timeOver }
      try settle()
      return .filesChanged
    } catch {
      return SocketWait.wait(for: socket, .readable, milliseconds: milliseconds) ? .readable : .timeOver
    }
  }

  /// A Postgres that has been restarted is not ready during the first pass, and its failures are counted from zero.
  private func postgresIsThere(startedAt start: String) {
    if status.postgresStart != start { failures = 0 }
    status.postgresIsThere(startedAt: start)
    saveStatus()
  }

  /// The server's start time, and whether it is a standby.
  private static func look(_ settings: ConnectionSettings) throws(PostgresError) -> (time: String, isStandby: Bool) {
    var settings = settings
    settings.runtimeOptions = [.init("search_path", "pg_catalog, pg_temp")]
    return try Administration.logIn(settings).row(Catalog.start)
  }

  private func loginFailed(_ error: PostgresError, _ settings: ConnectionSettings, _ unreadPassword: String?) {
    let isFull = error.context == nil && error.isServer(SQLState.tooManyConnections)
    var hint = ""
    if let unreadPassword {
      hint = "; \(unreadPassword): let the sidecar's user read it (defaultMode, fsGroup)"
    } else if let advice = error.loginAdvice(settings) {
      hint = "; \(advice)"
    } else if isFull {
      hint = "; raise max_connections, or superuser_reserved_connections, or end sessions: even the reserved are taken"
    }
    let place = "cannot log in as \(settings.user): "
    let message = "\(place)\(Failure.told(ofLogin: error))\(hint)"
    if status.message != message { writer.log(.error, "\(place)\(error)\(hint)") }
    if isFull { status.postgresIsFull(message) } else { status.postgresIsAway(message) }
  }

  /// Success is logged only if the last pass was not successful.
  private func tell(_ report: PassReport, specHash: String) {
    if report.outcome != .disconnected { tellProblems(report.problems) }
    let hash = ("spec", String(specHash.prefix(12)))
    switch report.outcome {
    case .converged:
      guard status.outcome != .converged || !report.applied.isEmpty || status.specHash != specHash else { return }
      writer.log(.info, "converged", [("steps", String(report.applied.count)), hash])
    case .standby:
      if status.outcome != .standby { writer.log(.info, "Postgres is a standby: waiting until it is promoted") }
    case .incomplete:
      writer.log(.warning, "incomplete", [("failed", String(report.problems.filter { $0.isFailure }.count)), hash])
    case .disconnected:
      writer.log(.warning, "the connection to Postgres ended", report.problems.map { ("reason", $0.message) })
    case .superseded:
      writer.log(.info, "the files have changed meanwhile")
    case .interrupted:
      writer.log(.info, "interrupted between two steps")
    }
  }

  /// Failures are logged at every pass, because each pass tries again. Warnings are logged when they first appear.
  private func tellProblems(_ problems: [ItemProblem]) {
    for problem in problems where !toldInPass.contains(problem) {
      toldInPass.append(problem)
      guard problem.isFailure || !told.contains(problem) else { continue }
      var fields = [("item", problem.item)]
      if let sqlState = problem.sqlState { fields.append(("sqlstate", sqlState)) }
      if let hint = problem.hint { fields.append(("hint", hint)) }
      writer.log(problem.isFailure ? .error : .warning, problem.message, fields)
    }
  }

  private func saveStatus() {
    guard status != written else { return }
    server?.statusChanged()
    do throws(FileError) {
      try StatusFile(path: configuration.statusFile).write(status)
      written = status
    } catch {
      writer.log(.error, "cannot write the status: the Pod does not become ready", [("file", error.message)])
    }
  }
}
