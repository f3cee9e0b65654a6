import Instances

/// Decides when each sidecar is asked for its status: soon after a change, and seldom otherwise. Pure.
struct LookSchedule: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// A question to one sidecar.
  struct Look: Sendable {
    var key: CustomerKey
    var pod: ObservedPod
    var expectation: Expectation
    /// How often the controller's clock had been set.
    fileprivate var clockSettings: Int
  }

  /// How many questions may be open at once.
  static let maximumAtOnce = 16
  /// The most questions per second on average.
  static let perSecond = 50.0
  /// The time between two questions to a sidecar whose state is settled.
  static let resync = Duration.seconds(600)

  private struct Entry {
    var pod: ObservedPod
    var due: Instant
    /// How many questions since the last change were answered alike, and how; nil: it must be asked again.
    var tries = 0
    var result: Provisioned.Reason?
    /// The last result that was said, and what it is about.
    var found: Provisioned.Reason?
    var about: Expectation?
    /// What is known of its scripts.
    var scripts: ScriptReport
    /// What it has told of its logins; nil where it has told nothing, or does not answer any more.
    var logins: LoginReport?

    /// Whether nothing came of the last question. The next one probably takes as long, and tells as little.
    var isDoubtful: Bool { result == .unreachable || (result == nil && tries > 0) }
  }

  private var expectations: [CustomerKey: Expectation] = [:]
  private var entries: [CustomerKey: [String: Entry]] = [:]
  /// The customers with a running Pod that has no sidecar.
  private var uninjected: Set<CustomerKey> = []
  private var open = OpenRequests(maximumAtOnce)
  /// The open questions to Pods that did not answer the last time, by UID.
  private var openDoubtful: Set<String> = []
  private var turns = NamespaceTurns()
  private var allowance = LookSchedule.perSecond
  private var counted: Instant?
  /// The controller's wall clock, and when it was read.
  private var clock: (milliseconds: Int64, at: Instant)?
  private var clockSettings = 0
  /// A clock that is more than this away from where it should have gone was set.
  private static let maximumStep = Duration.seconds(5)

  /// What a customer's instance must have; nil where there is none.
  mutating func expect(_ expectation: Expectation?, of key: CustomerKey, at now: Instant) {
    guard expectations[key] != expectation else { return }
    expectations[key] = expectation
    for uid in (entries[key] ?? [:]).keys {
      entries[key]?[uid]?.due = now
      entries[key]?[uid]?.tries = 0
      entries[key]?[uid]?.scripts.mayBegin(at: now)
      guard expectation == nil else { continue }
      entries[key]?[uid]?.found = nil
      entries[key]?[uid]?.about = nil
    }
  }

  /// The customer's Pods. Those that run and have a sidecar are asked.
  mutating func see(_ pods: [ObservedPod], of key: CustomerKey, at now: Instant) {
    let old = entries[key] ?? [:]
    var new: [String: Entry] = [:]
    for pod in pods where pod.isInjected && pod.isRunning {
      var entry = old[pod.uid] ?? Entry(pod: pod, due: now, scripts: ScriptReport(at: now))
      if entry.pod.place != pod.place {
        entry.due = now
        entry.tries = 0
        entry.result = nil
        entry.logins = nil
        entry.scripts.beginAgain(at: now)
      }
      entry.pod = pod
      new[pod.uid] = entry
    }
    if pods.contains(where: { !$0.isInjected && $0.isRunning }) {
      uninjected.insert(key)
    } else {
      uninjected.remove(key)
    }
    // What is expected stays: the next Pod, as of a StatefulSet with one replica, comes when this one is gone.
    entries[key] = new.isEmpty ? nil : new
  }

  /// The questions that are due, as many as there is room for; namespaces take turns, also from one call to the next. Pods that
  /// did not answer the last time wait in a line of their own, and have half of the places at most. For each, call
  /// ``answered(_:as:isSaid:runsScript:logins:at:)`` and ``ended(_:)`` afterwards.
  mutating func take(at now: Instant) -> [Look] {
    allowance = min(Self.perSecond, allowance + (now - (counted ?? now)) / .seconds(1) * Self.perSecond)
    counted = now
    guard !open.isFull, allowance >= 1 else { return [] }
    var due: [(turn: Int, at: Instant, key: CustomerKey, uid: String, isDoubtful: Bool)] = []
    for (key, pods) in entries where expectations[key] != nil {
      let turn = turns[key.namespace]
      for (uid, entry) in pods where entry.due <= now && !open.contains(uid) {
        due.append((turn, entry.due, key, uid, entry.isDoubtful))
      }
    }
    var (line, doubtful) = (FairLine<(CustomerKey, String)>(), FairLine<(CustomerKey, String)>())
    for look in due.sorted(by: { ($0.turn, $0.at) < ($1.turn, $1.at) }) {
      if look.isDoubtful {
        doubtful.append((look.key, look.uid), of: look.key.namespace)
      } else {
        line.append((look.key, look.uid), of: look.key.namespace)
      }
    }
    var looks: [Look] = []
    var isDoubtful = false
    while !open.isFull, allowance >= 1 {
      // The lines take turns, too.
      isDoubtful = (!isDoubtful || line.isEmpty) && openDoubtful.count < Self.maximumAtOnce / 2 && !doubtful.isEmpty
      guard let (key, uid) = isDoubtful ? doubtful.removeFirst() : line.removeFirst() else { break }
      guard let entry = entries[key]?[uid], let expectation = expectations[key], open.hasRoom(in: key.namespace)
      else { continue }
      open.begin(uid, in: key.namespace)
      if isDoubtful { openDoubtful.insert(uid) }
      turns.take(key.namespace)
      allowance -= 1
      looks.append(Look(key: key, pod: entry.pod, expectation: expectation, clockSettings: clockSettings))
    }
    return looks
  }

  /// The result of a question; nil where it must be asked again soon.
  /// - Parameters:
  ///   - isSaid: whether the Pod's condition says the result. If not, it must be asked again soon.
  ///   - runsScript: whether a script runs; nil: that was not told, or one may begin at any moment.
  /// - Returns: whether what is known of the logins has changed.
  @discardableResult
  mutating func answered(
    _ look: Look, as found: Provisioned.Reason?, isSaid: Bool = true, runsScript: Bool? = nil,
    logins: LoginReport? = nil, at now: Instant
  ) -> Bool {
    guard var entry = entries[look.key]?[look.pod.uid] else { return false }
    // What was told before the clock was set, or before the sidecar was started again, counts as nothing.
    let isOfSidecar = entry.pod.place == look.pod.place
    let isOfNow = isOfSidecar && look.clockSettings == clockSettings
    let logins = isOfNow ? logins : nil
    let isNews = entry.logins != logins
    entry.logins = logins
    if isOfSidecar {
      // What was asked before something was declared does not say that no script has begun since.
      let isOfBefore = runsScript == false && expectations[look.key] != look.expectation
      entry.scripts.take(isOfBefore ? nil : runsScript, at: now)
    }
    if let found, expectations[look.key] != nil { (entry.found, entry.about) = (found, look.expectation) }
    // If something has changed meanwhile, ask again at once.
    if expectations[look.key] == look.expectation, isOfNow {
      // One answer that fails after many others is no reason to wait as long as after many that failed.
      let result = isSaid ? found : nil
      if entry.result != result { (entry.result, entry.tries) = (result, 0) }
      var delay = Self.delay(result, tries: entry.tries)
      // A turn waits for the logins, also those of a standby, which is settled otherwise.
      if look.expectation.rotates, !Self.isSettled(logins, look.expectation) {
        delay = min(delay, Self.delay(.pending, tries: entry.tries))
      }
      entry.due = now + delay * Double.random(in: 0.8...1)
      entry.tries += 1
    }
    entries[look.key]?[look.pod.uid] = entry
    return isNews
  }

  /// A question holds its place no longer, and its sidecar may be asked again.
  mutating func ended(_ look: Look) {
    open.end(look.pod.uid)
    openDoubtful.remove(look.pod.uid)
  }

  /// Whether a Pod has told all that a turn waits for.
  private static func isSettled(_ logins: LoginReport?, _ expected: Expectation) -> Bool {
    guard let logins else { return false }
    return logins.generation == expected.generation && logins.held.isEmpty && !logins.isSkewed
  }

  /// The controller's wall clock as it is now. Where somebody has set it, whether the Pods' clocks are as it is has to be asked
  /// again.
  mutating func observe(wallMilliseconds: Int64, at now: Instant) {
    let expected = clock.map { Duration.milliseconds($0.milliseconds) + (now - $0.at) }
    let step = expected.map { Duration.milliseconds(wallMilliseconds) - $0 } ?? .zero
    guard clock == nil || step > Self.maximumStep || step < .zero - Self.maximumStep else { return }
    clock = (wallMilliseconds, now)
    clockSettings += 1
    for (key, pods) in entries {
      for (uid, entry) in pods where entry.logins != nil || open.contains(uid) {
        entries[key]?[uid]?.logins = nil
        entries[key]?[uid]?.due = now
        entries[key]?[uid]?.tries = 0
      }
    }
  }

  /// What a customer's Pods have told of their logins.
  func logins(of key: CustomerKey) -> LoginReports {
    var reports = LoginReports()
    for entry in (entries[key] ?? [:]).values { reports.reports[entry.pod.name] = .some(entry.logins) }
    return reports
  }

  /// The worst result of a customer's Pods; nil where nothing is known.
  func found(of key: CustomerKey) -> Provisioned.Reason? {
    guard expectations[key] != nil else { return nil }
    guard !uninjected.contains(key) else { return .notInjected }
    let order: [Provisioned.Reason] = [.failing, .unreachable, .pending, .converged, .standby]
    let found = Set((entries[key] ?? [:]).values.map { $0.found ?? .pending })
    return order.first { found.contains($0) }
  }

  /// Whether all of a customer's Pods have what is expected of them now.
  func holdsAll(of key: CustomerKey) -> Bool {
    guard !uninjected.contains(key), let expectation = expectations[key], let entries = entries[key] else {
      return false
    }
    return entries.values.allSatisfy {
      $0.about == expectation && ($0.found == .converged || $0.found == .standby)
    }
  }

  /// Whether a Pod is among the customer's that run.
  func knows(_ uid: String, of key: CustomerKey) -> Bool { entries[key]?[uid] != nil }

  /// Whether a Pod's sidecar runs a script; nil: that is not known yet.
  func runsScript(_ uid: String, of key: CustomerKey, at now: Instant) -> Bool? {
    guard let entry = entries[key]?[uid] else { return nil }
    return entry.pod.statusPort == nil ? false : entry.scripts.runsScript(at: now)
  }

  /// The time until the same question is asked again. What takes long is told a quarter of that time later at most.
  static func delay(_ found: Provisioned.Reason?, tries: Int) -> Duration {
    switch found {
    case .converged, .standby: resync
    case .pending: delay(.milliseconds(300), growing: 1.25, times: tries - 20)
    case .failing, .unreachable, .notInjected, nil: delay(.seconds(1), growing: 2, times: tries)
    }
  }

  /// A delay that grows that many times, to a minute at most.
  private static func delay(_ first: Duration, growing factor: Double, times: Int) -> Duration {
    var delay = first
    for _ in 0..<max(0, min(times, 60)) where delay < .seconds(60) { delay = delay * factor }
    return min(delay, .seconds(60))
  }
}
