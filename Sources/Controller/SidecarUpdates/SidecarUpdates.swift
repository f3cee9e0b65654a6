/// Decides which running Pods get another sidecar, and when: a few at once, and no more after one that did not come back.
/// Pure.
///
/// A Pod that was ready occupies one of ``SidecarUpdateSettings/maximumUnavailable`` places until its sidecar is ready
/// again. Until a first Pod with the image is ready, there is only one place, so that a wrong image costs one Pod. While
/// another container of the Pod is not ready, the Pod's trouble is not the sidecar's: it occupies no place, and its time
/// stands still. Pods that are not ready have nothing to lose; they follow when one with the image is ready.
struct SidecarUpdates: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// A sidecar that is to be updated now.
  struct Update: Sendable {
    var key: CustomerKey
    var pod: ObservedPod
  }

  /// What must be done now.
  struct Step: Sendable {
    var updates: [Update] = []
    /// The Pods that have not come back in time, each once.
    var failures: [Update] = []
    /// When another step must follow, even if nothing is seen.
    var followsIn: Duration?
  }

  /// The end of an attempt.
  enum Result: Sendable {
    case done
    /// The answer was lost. What is seen next decides.
    case unknown
    /// The Pod has changed or is gone; what is seen next decides.
    case outdated
    /// The API server does not accept this change. It may after somebody has changed a policy.
    case refused
    case failed
  }

  /// A Pod must be ready again within this time.
  static let bound = Duration.seconds(120)
  /// A kubelet that has done nothing by then does not restart containers of this kind.
  static let kubeletBound = Duration.seconds(30)
  /// After a Pod that did not come back, where others did.
  static let pause = Duration.seconds(900)
  /// The most updates per second on average.
  static let perSecond = 2.0
  /// How many requests may be open at once.
  static let maximumAtOnce = 8
  /// Between two steps while updates are due or under way, and while all that are left were refused.
  static let interval = Duration.seconds(1)
  static let seldom = Duration.seconds(60)

  /// A Pod whose sidecar is not as it is to be, or is being updated.
  private struct Entry {
    var pod: ObservedPod
    var standing: SidecarTarget.Standing
    /// Since when an update is under way.
    var since: Instant?
    /// Whether the Pod was ready before.
    var wasReady = false
    /// How often the sidecar had been restarted before.
    var restarts = 0
    /// Whether the kubelet has begun to restart the container.
    var hasBegun = false
    /// When the Pod was found not to have come back.
    var failedAt: Instant?
    /// How many attempts have failed, and when to try again.
    var tries = 0
    var notBefore: Instant?

    /// Whether it occupies a place.
    var isUnderWay: Bool { since != nil && pod.sidecar.othersAreReady }
    var isReady: Bool { pod.sidecar.isPodReady && pod.sidecar.isReady }

    /// After an attempt that failed, it waits this long, then ever longer.
    mutating func waits(_ first: Duration, from now: Instant) {
      notBefore = now + min(first * Double(1 << min(tries, 12)), .seconds(3600))
      tries += 1
    }

    func isDue(at now: Instant) -> Bool {
      (standing == .due || standing == .waits(.refused)) && since == nil && notBefore ?? now <= now
    }
  }

  private let target: SidecarTarget
  private let settings: SidecarUpdateSettings
  private var entries: [CustomerKey: [String: Entry]] = [:]
  private var open = OpenRequests(maximumAtOnce)
  /// Pods of requests that are not answered, as they were, by UID; without those that have come back since. One may be gone
  /// meanwhile, and be shown again.
  private var asked: [String: Entry] = [:]
  /// Pods that have the image, and how many of them are ready, by customer.
  private var settled: [CustomerKey: (count: Int, ready: Int)] = [:]
  private var readyCount = 0
  /// Whether all Pods have been seen and updates have begun.
  private var hasBegun = false
  private var allowance = SidecarUpdates.perSecond
  private var counted: Instant?
  private var turns = NamespaceTurns()

  init(_ settings: SidecarUpdateSettings) {
    self.settings = settings
    target = SidecarTarget(image: settings.image)
  }

  // MARK: What is seen

  /// The customer's Pods as they are now.
  /// - Returns: whether a step must follow.
  mutating func see(_ pods: [ObservedPod], of key: CustomerKey, at now: Instant) -> Bool {
    let old = entries[key] ?? [:]
    var new: [String: Entry] = [:]
    var (count, ready) = (0, 0)
    for pod in pods where pod.isInjected && pod.isRunning {
      guard let entry = entry(of: pod, after: old[pod.uid] ?? asked[pod.uid], at: now) else {
        asked[pod.uid] = nil
        count += 1
        if pod.sidecar.isReady { ready += 1 }
        continue
      }
      new[pod.uid] = entry
    }
    readyCount += ready - (settled[key]?.ready ?? 0)
    settled[key] = count == 0 ? nil : (count, ready)
    entries[key] = new.isEmpty ? nil : new
    return !new.isEmpty || !old.isEmpty
  }

  /// - Returns: nil where the Pod has the image and nothing more is awaited.
  private func entry(of pod: ObservedPod, after old: Entry?, at now: Instant) -> Entry? {
    let sidecar = pod.sidecar
    var entry = old ?? Entry(pod: pod, standing: .due)
    entry.pod = pod
    let standing = target.standing(of: sidecar)
    guard standing == .current else {
      // An API server that refused the change usually refuses it again.
      if entry.standing != .waits(.refused) { entry.standing = standing }
      return entry
    }
    if old == nil {
      // An earlier leader may have updated it.
      guard settings.mode == .auto, !hasBegun, sidecar.wasUpdated, !sidecar.isReady else { return nil }
      (entry.since, entry.wasReady, entry.hasBegun) = (now, true, true)
    }
    if entry.standing == .waits(.kubelet) {
      if sidecar.isReady { return sidecar.restarts == entry.restarts ? entry : nil }
      // The kubelet has begun after all.
      entry.since = now
    }
    // What failed may have been carried out.
    if entry.since == nil, entry.tries > 0 { entry.since = now }
    guard entry.since != nil else { return nil }
    entry.standing = .current
    entry.hasBegun = entry.hasBegun || sidecar.restarts != entry.restarts || !sidecar.isReady
    if entry.hasBegun, sidecar.isReady { return nil }
    if !sidecar.othersAreReady { (entry.since, entry.failedAt) = (now, nil) }
    return entry
  }

  // MARK: What to do

  /// What must be done now.
  /// - Parameter isBusy: whether a sidecar must not be interrupted, by customer and the Pod's UID; nil: that is not known yet.
  mutating func step(at now: Instant, isBusy: (CustomerKey, String) -> Bool?) -> Step {
    hasBegun = true
    var step = Step()
    observeTime(now, &step)
    allowance = min(
      max(Self.perSecond, Double(settings.maximumUnavailable)),
      allowance + (now - (counted ?? now)) / .seconds(1) * Self.perSecond)
    counted = now
    let isOn = settings.mode == .auto
    if isOn, !isStopped(at: now) { choose(&step, now, isBusy) }
    let all = entries.values.flatMap(\.values)
    if isOn, all.contains(where: { $0.since != nil || $0.standing == .due }) {
      step.followsIn = Self.interval
    } else if isOn, all.contains(where: { $0.standing == .waits(.refused) }) {
      step.followsIn = Self.seldom
    }
    return step
  }

  private mutating func observeTime(_ now: Instant, _ step: inout Step) {
    for (key, pods) in entries {
      for (uid, entry) in pods {
        guard let since = entry.since, !open.contains(uid), entry.failedAt == nil, entry.pod.sidecar.othersAreReady
        else { continue }
        let isAnnounced = entry.standing == .current
        if !isAnnounced || !entry.hasBegun {
          guard now - since >= Self.kubeletBound else { continue }
          if isAnnounced {
            entries[key]?[uid]?.since = nil
            entries[key]?[uid]?.standing = .waits(.kubelet)
          } else {
            // The change was accepted and nobody has seen it: another webhook may have undone it.
            ended(Update(key: key, pod: entry.pod), .failed, at: now)
          }
        } else if now - since >= Self.bound {
          if entry.wasReady {
            entries[key]?[uid]?.failedAt = now
            step.failures.append(Update(key: key, pod: entry.pod))
          } else {
            entries[key]?[uid] = nil
            settled[key, default: (0, 0)].count += 1
          }
        }
      }
    }
  }

  /// Whether no sidecar is updated because Pods did not come back: until they do or are gone, if no other Pod did, or if
  /// they are as many as may be unavailable; otherwise for a while, because one customer must not hold all others up.
  func isStopped(at now: Instant) -> Bool {
    let failures = entries.values.flatMap(\.values).compactMap { $0.isUnderWay ? $0.failedAt : nil }
    guard let last = failures.max() else { return false }
    return readyCount == 0 || failures.count >= settings.maximumUnavailable || now - last < Self.pause
  }

  private mutating func choose(_ step: inout Step, _ now: Instant, _ isBusy: (CustomerKey, String) -> Bool?) {
    let underWay = entries.values.reduce(0) { sum, pods in
      sum + pods.values.count { $0.isUnderWay && ($0.wasReady || readyCount == 0) }
    }
    var free = (readyCount == 0 ? 1 : settings.maximumUnavailable) - underWay
    var (ready, unready): ([String: [Update]], [String: [Update]]) = ([:], [:])
    // Whether a Pod that is ready may soon be the first.
    var isAwaited = false
    for (key, pods) in entries {
      let isOneUnderWay = pods.values.contains { $0.since != nil }
      for (uid, entry) in pods where entry.isDue(at: now) && !open.contains(uid) && !(entry.isReady && isOneUnderWay) {
        let isBusy = isBusy(key, uid)
        if isBusy == nil, entry.isReady { isAwaited = true }
        guard isBusy == false else { continue }
        let update = Update(key: key, pod: entry.pod)
        if entry.isReady {
          ready[key.namespace, default: []].append(update)
        } else {
          unready[key.namespace, default: []].append(update)
        }
      }
    }
    begin(&ready, &free, &step, now)
    if readyCount > 0 {
      var unlimited = Int.max
      begin(&unready, &unlimited, &step, now)
    } else if step.updates.isEmpty, ready.isEmpty, !isAwaited {
      begin(&unready, &free, &step, now)
    }
  }

  /// Namespaces take turns.
  private mutating func begin(
    _ candidates: inout [String: [Update]], _ free: inout Int, _ step: inout Step, _ now: Instant
  ) {
    var begun: Set<CustomerKey> = []
    while free > 0, allowance >= 1, !open.isFull,
      let namespace = candidates.keys.min(by: { (turns[$0], $0) < (turns[$1], $1) })
    {
      guard open.hasRoom(in: namespace), let update = candidates[namespace]?.popLast() else {
        candidates[namespace] = nil
        continue
      }
      guard !begun.contains(update.key) else { continue }
      begun.insert(update.key)
      turns.take(namespace)
      free -= 1
      allowance -= 1
      mark(update, now)
      step.updates.append(update)
    }
  }

  private mutating func mark(_ update: Update, _ now: Instant) {
    guard var entry = entries[update.key]?[update.pod.uid] else { return }
    entry.since = now
    entry.wasReady = entry.isReady
    entry.restarts = update.pod.sidecar.restarts
    entry.hasBegun = !update.pod.sidecar.isReady
    entries[update.key]?[update.pod.uid] = entry
    open.begin(update.pod.uid, in: update.key.namespace)
    asked[update.pod.uid] = entry
  }

  /// The result of an attempt.
  mutating func ended(_ update: Update, _ result: Result, at now: Instant) {
    open.end(update.pod.uid)
    asked[update.pod.uid] = nil
    guard var entry = entries[update.key]?[update.pod.uid] else { return }
    entry.since = nil
    // The change may have been seen before an answer that says that it failed.
    switch entry.standing == .current ? .done : result {
    case .done, .unknown: entry.since = now
    case .outdated: entry.waits(.seconds(1), from: now)
    case .refused:
      entry.standing = .waits(.refused)
      entry.waits(.seconds(5), from: now)
    case .failed: entry.waits(.seconds(5), from: now)
    }
    entries[update.key]?[update.pod.uid] = entry
  }

  // MARK: Counts

  /// What sidecars are counted as.
  enum Word: String, CaseIterable, Sendable {
    /// They have the image.
    case current
    /// They are to get it.
    case outdated
    /// They get it when their Pods are made anew.
    case waiting
    /// They are being restarted with it.
    case updating
    /// They were not ready in time afterwards.
    case failed
  }

  /// How many sidecars there are of each kind.
  var counts: [Word: Int] {
    var counts: [Word: Int] = [.current: settled.values.reduce(0) { $0 + $1.count }]
    for entry in entries.values.flatMap(\.values) {
      let word: Word =
        if entry.failedAt != nil { .failed } else if entry.since != nil { .updating } else {
          if case .waits = entry.standing { .waiting } else { .outdated }
        }
      counts[word, default: 0] += 1
    }
    return counts
  }
}
