import Contract
import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import Logging
import Synchronization

/// Asks sidecars whether what was written has been applied, and reports it: as a condition of the Pod, as Events of the
/// workload, and as metrics.
final class StatusLooks: Sendable {
  private struct State {
    var schedule = LookSchedule()
    /// The notice that was sent for the present expectation, so that it is not sent again for each Pod.
    var told: [CustomerKey: Set<String>] = [:]
    var isOpen = false
  }

  private static let maximumAtOnce = 16

  private let client: KubernetesClient
  /// Nil: over HTTP.
  private let ask: StatusQuestion?
  private let events: EventRecorder
  private let logger: Logger
  /// Called when what is known of an instance has changed.
  private let noted: @Sendable (CustomerKey, Provisioned.Reason?) -> Void
  /// Called when what is known of an instance's logins has changed.
  private let loginsNoted: @Sendable (CustomerKey) -> Void
  private let state = Mutex(State())

  init(
    _ client: KubernetesClient, ask: StatusQuestion?, events: EventRecorder, logger: Logger,
    loginsNoted: @escaping @Sendable (CustomerKey) -> Void,
    noted: @escaping @Sendable (CustomerKey, Provisioned.Reason?) -> Void
  ) {
    self.client = client
    self.ask = ask
    self.events = events
    self.logger = logger
    self.loginsNoted = loginsNoted
    self.noted = noted
  }

  /// What was written for an instance; nil where the instance no longer exists.
  func expect(_ expectation: Expectation?, of key: CustomerKey) {
    state.withLock { state in
      guard state.isOpen else { return }
      state.schedule.expect(expectation, of: key, at: .now)
      if expectation == nil { state.told[key] = nil }
    }
  }

  /// The customer's Pods as they are now.
  func see(_ pods: [ObservedPod], of key: CustomerKey) {
    let areGone = state.withLock { state in
      guard state.isOpen else { return false }
      let wereThere = state.schedule.found(of: key) != nil
      state.schedule.see(pods, of: key, at: .now)
      return wereThere && state.schedule.found(of: key) == nil
    }
    if areGone { noted(key, nil) }
  }

  /// What is known of an instance.
  func found(of key: CustomerKey) -> Provisioned.Reason? { state.withLock { $0.schedule.found(of: key) } }

  /// What an instance's Pods have told of their logins.
  func logins(of key: CustomerKey) -> LoginReports { state.withLock { $0.schedule.logins(of: key) } }

  /// Whether a Pod's sidecar runs a script, as was last found, or may.
  func mayRunScript(_ uid: String, of key: CustomerKey) -> Bool {
    state.withLock { $0.schedule.mayRunScript(uid, of: key, at: .now) }
  }

  /// From now on accepts expectations and Pods.
  func open() { state.withLock { $0 = State(isOpen: true) } }

  /// Asks until the task is cancelled; then forgets everything.
  func run(mayWrite: @escaping @Sendable () -> Bool) async {
    let running = Running()
    let http = StatusClient()
    let ask = ask ?? http.ask
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let free = Self.maximumAtOnce - running.count.load(ordering: .relaxed)
        for look in state.withLock({ $0.schedule.take(free, at: .now) }) {
          running.count.add(1, ordering: .relaxed)
          group.addTask {
            await self.look(look, ask, mayWrite)
            running.count.subtract(1, ordering: .relaxed)
          }
        }
        guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { break }
      }
      group.cancelAll()
    }
    await http.shutdown()
    state.withLock { $0 = State() }
  }

  /// The questions in progress.
  private final class Running: Sendable {
    let count = Atomic<Int>(0)
  }

  private func look(_ look: LookSchedule.Look, _ ask: StatusQuestion, _ mayWrite: @Sendable () -> Bool) async {
    let (found, failures, runsScript, logins) = await find(look, ask)
    guard !Task.isCancelled, mayWrite() else {
      return state.withLock { _ = $0.schedule.answered(look, as: nil, at: .now) }
    }
    var isSaid = found.isSaid(by: look.pod.condition)
    if !isSaid {
      do throws(KubernetesError) {
        let isChange = look.pod.condition?.status != found.status.rawValue
        let patch = found.patch(uid: look.pod.uid, isChange: isChange, at: SystemClock.timestamp())
        try await client.patchStatus(.pods, look.pod.name, in: look.key.namespace, patch)
        isSaid = true
        await tell(found, failures, look, mayWrite)
      } catch {
        isSaid = error.isNotFound || error.isConflict
        if !isSaid {
          logger.warning(
            "a Pod's condition was not written",
            metadata: ["pod": "\(look.key.namespace)/\(look.pod.name)", "error": "\(error)"])
        }
      }
    }
    let isNews = state.withLock { state in
      state.schedule.answered(look, as: isSaid ? found.reason : nil, runsScript: runsScript, logins: logins, at: .now)
    }
    if isNews { loginsNoted(look.key) }
    noted(look.key, self.found(of: look.key))
  }

  private func find(
    _ look: LookSchedule.Look, _ ask: StatusQuestion
  ) async -> (Provisioned, failures: [String], runsScript: Bool?, logins: LoginReport?) {
    let about = look.expectation.about
    guard let address = look.pod.address, let port = look.pod.statusPort else {
      return (
        Provisioned(
          .unreachable,
          "\(about): the sidecar has no status port: \(AnnotationKey.statusPort) is \(StatusPort.none), or the sidecar is of "
            + "an earlier version"), [], nil, nil
      )
    }
    guard let token = look.expectation.token else {
      return (Provisioned(.unreachable, "\(about): there is no token to ask with"), [], nil, nil)
    }
    switch await ask(address, port, token) {
    case .status(let bytes):
      guard let status = InstanceStatus(decoding: bytes) else {
        return (Provisioned(.unreachable, "\(about): what answers at port \(port) gives no status"), [], nil, nil)
      }
      let found = Provisioned(status, look.expectation)
      return (found, found.reason == .failing ? status.failures : [], status.running != nil, Self.report(of: status))
    case .refused:
      return (Provisioned(.pending, "\(about): the sidecar does not have the Secret as it is now"), [], nil, nil)
    case .unreachable(let reason):
      return (Provisioned(.unreachable, "\(about): port \(port) does not answer: \(reason)"), [], nil, nil)
    }
  }

  /// What a sidecar tells of its logins, and whether its clock is right.
  private static func report(of status: InstanceStatus) -> LoginReport? {
    guard let logins = status.logins, let time = status.time else { return nil }
    let skew = (time.microseconds / 1000).subtractingReportingOverflow(SystemClock.wallMilliseconds).partialValue
    return LoginReport(
      generation: logins.generation, held: logins.held,
      isSkewed: skew.magnitude > UInt64(LoginReport.maximumSkew) * 1000)
  }

  private func tell(
    _ found: Provisioned, _ failures: [String], _ look: LookSchedule.Look, _ mayWrite: () -> Bool
  ) async {
    let expectation = look.expectation
    let lines: [(Notice.Reason, String)]
    switch found.reason {
    case .converged: lines = [(.provisioned, found.message)]
    case .failing: lines = failures.map { (.provisioningFailed, "\($0) (\(expectation.about))") }
    case .pending, .standby, .unreachable: return
    }
    let fresh = state.withLock { state in
      // A success ends the failure that was reported, and the reverse. Each is reported again when it comes again.
      let words = Set(lines.map { "\($0.0.rawValue) \(expectation.generation ?? "") \($0.1)" })
      let old = state.told[look.key] ?? []
      state.told[look.key] = words
      return lines.filter { !old.contains("\($0.0.rawValue) \(expectation.generation ?? "") \($0.1)") }
    }
    await events.tell(
      fresh.map { Notice($0.0, of: expectation.workload, in: look.key.namespace, $0.1) }, mayWrite: mayWrite)
  }
}
