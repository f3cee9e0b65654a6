import Contract
import DatabaseSpec
import Instances
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
    var told: [CustomerKey: ToldOutcomes] = [:]
    var isOpen = false

    mutating func observeClock() { schedule.observe(wallMilliseconds: SystemClock.wallMilliseconds, at: .now) }
  }

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
    let (before, after) = state.withLock { state in
      guard state.isOpen else { return (Provisioned.Reason?.none, Provisioned.Reason?.none) }
      let before = state.schedule.found(of: key)
      state.schedule.see(pods, of: key, at: .now)
      return (before, state.schedule.found(of: key))
    }
    if before != after { noted(key, after) }
  }

  /// What is known of an instance.
  func found(of key: CustomerKey) -> Provisioned.Reason? { state.withLock { $0.schedule.found(of: key) } }

  /// What an instance's Pods have told of their logins.
  func logins(of key: CustomerKey) -> LoginReports {
    state.withLock { state in
      state.observeClock()
      return state.schedule.logins(of: key)
    }
  }

  /// Whether a Pod's sidecar runs a script; nil: that is not known yet.
  func runsScript(_ uid: String, of key: CustomerKey) -> Bool? {
    state.withLock { $0.schedule.runsScript(uid, of: key, at: .now) }
  }

  /// From now on accepts expectations and Pods.
  func open() { state.withLock { $0 = State(isOpen: true) } }

  /// Asks until the task is cancelled; then forgets everything.
  func run(mayWrite: @escaping @Sendable () -> Bool) async {
    let http = StatusClient()
    let ask = ask ?? http.ask
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let looks = state.withLock { state in
          state.observeClock()
          return state.schedule.take(at: .now)
        }
        for look in looks {
          group.addTask {
            await self.look(look, ask, mayWrite)
            self.state.withLock { $0.schedule.ended(look) }
          }
        }
        guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { break }
      }
      group.cancelAll()
    }
    await http.shutdown()
    state.withLock { $0 = State() }
  }

  private func look(_ look: LookSchedule.Look, _ ask: StatusQuestion, _ mayWrite: @Sendable () -> Bool) async {
    let (found, failures, runsScript, logins) = await find(look, ask)
    guard !Task.isCancelled, mayWrite() else {
      return state.withLock { _ = $0.schedule.answered(look, as: nil, at: .now) }
    }
    let wasSaid = found.isSaid(by: look.pod.condition)
    var isSaid = wasSaid
    var isGone = false
    if !wasSaid {
      do throws(KubernetesError) {
        let isChange = look.pod.condition?.status != found.status.rawValue
        let patch = found.patch(uid: look.pod.uid, isChange: isChange, at: SystemClock.timestamp())
        try await client.patchStatus(.pods, look.pod.name, in: look.key.namespace, patch)
        isSaid = true
      } catch {
        isGone = error.isNotFound || error.isConflict
        if !isGone {
          logger.warning(
            "a Pod's condition was not written",
            metadata: ["pod": "\(look.key.namespace)/\(look.pod.name)", "error": "\(error)"])
        }
      }
    }
    let isNews = state.withLock { state in
      state.schedule.answered(
        look, as: found.reason, isSaid: isSaid || isGone, runsScript: runsScript, logins: logins, at: .now)
    }
    // Who may not write the condition, as without the right to pods/status, says it all the same.
    if !isGone { await tell(found, failures, look, wasSaid: wasSaid, mayWrite) }
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
      // What is not applied yet may have a script that comes next.
      let runsScript: Bool? = if status.running != nil { true } else { found.reason == .pending ? nil : false }
      return (found, found.reason == .failing ? status.failures : [], runsScript, Self.report(of: status))
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
    _ found: Provisioned, _ failures: [String], _ look: LookSchedule.Look, wasSaid: Bool, _ mayWrite: () -> Bool
  ) async {
    let expectation = look.expectation
    let about = expectation.about
    let messages = state.withLock { state in
      let outcome: ToldOutcomes.Outcome
      switch found.reason {
      case .converged: outcome = state.schedule.holdsAll(of: look.key) ? .provisioned(found.message) : .holds
      case .failing: outcome = .failing(failures.map { "\($0) (\(about))" })
      case .pending, .standby, .unreachable, .notInjected: return [String]()
      }
      let schedule = state.schedule
      return state.told[look.key, default: ToldOutcomes()].take(
        outcome, generation: expectation.generation, of: look.pod.uid, wasSaid: wasSaid,
        isThere: { schedule.knows($0, of: look.key) })
    }
    let reason = found.reason == .failing ? Notice.Reason.provisioningFailed : .provisioned
    await events.tell(
      messages.map { Notice(reason, of: expectation.workload, in: look.key.namespace, $0) }, mayWrite: mayWrite)
  }
}
