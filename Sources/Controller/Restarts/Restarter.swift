import Contract
import DatabaseSpec
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import Logging
import Synchronization

/// Evicts applications' Pods as ``Restarts`` decides. One namespace is looked at at a time, the one first that has waited
/// longest; a look that takes long, as where an eviction hangs, is left to itself, and those at such namespaces never take all
/// places. Where nothing is to be restarted, none is looked at, until another turn.
final class Restarter: Sendable {
  struct Namespace {
    var turns: [CustomerKey: [String: Restarts.Turn]] = [:]
    /// Nil: nothing is to be done.
    var next: ContinuousClock.Instant?
    /// Since when each workload makes no progress.
    var since: [ObservedPod.Owner: ContinuousClock.Instant] = [:]
    /// By the Secret's name: which Pods had it when its turn was first looked at.
    var met: [String: (turn: Restarts.Turn, pods: Set<String>)] = [:]
  }

  struct State {
    var namespaces: [String: Namespace] = [:]
    /// No namespace is due before; nil: none is. So nothing is searched while nothing is to be done.
    var earliest: ContinuousClock.Instant?
    /// The namespaces that are being looked at, and since when. A namespace may be forgotten meanwhile.
    var looking: [String: ContinuousClock.Instant] = [:]
    /// The namespaces whose last look took long.
    var slow: Set<String> = []

    mutating func look(at name: String, from time: ContinuousClock.Instant) {
      namespaces[name]?.next = time
      earliest = earliest.map { min($0, time) } ?? time
    }

    /// The namespace that has been due longest. It is not due any more. Call ``ended(_:after:at:)`` afterwards.
    /// - Parameter patience: how long a look keeps others from beginning.
    mutating func takeNext(at now: ContinuousClock.Instant, patience: Duration) -> String? {
      guard let earliest, earliest <= now, looking.count < Restarter.maximumLooks,
        looking.values.allSatisfy({ now - $0 >= patience })
      else { return nil }
      let mayBeSlow = looking.keys.count { slow.contains($0) } < Restarter.maximumSlowLooks
      let waiting = namespaces.compactMap { name, namespace in
        looking[name] == nil ? namespace.next.map { ($0, name) } : nil
      }.sorted { $0 < $1 }
      guard let due = waiting.first(where: { mayBeSlow || !slow.contains($0.1) }), due.0 <= now else {
        // Those that wait for a place need no other time: they are looked for until they have one.
        self.earliest = waiting.first?.0
        return nil
      }
      namespaces[due.1]?.next = nil
      looking[due.1] = now
      return due.1
    }

    /// A look at a namespace has ended.
    /// - Parameter wait: after what time another must follow; nil: after none.
    mutating func ended(
      _ name: String, after wait: Duration?, at now: ContinuousClock.Instant, patience: Duration
    ) {
      let isSlow = looking.removeValue(forKey: name).map { now - $0 >= patience } ?? false
      if isSlow, namespaces[name] != nil { slow.insert(name) } else { slow.remove(name) }
      // A turn that was told meanwhile has set a time of its own.
      if let next = namespaces[name]?.next ?? wait.map({ now + $0 }) { look(at: name, from: next) }
    }
  }

  /// The most evictions of one look; other namespaces are next.
  private static let maximumAtOnce = 5
  /// How many namespaces may be looked at at once, where looks take long, and how many of those whose last look did.
  static let maximumLooks = 8
  static let maximumSlowLooks = 4
  private static let retryDelay = Duration.seconds(30)

  private let client: KubernetesClient
  /// Nil: nothing is restarted.
  private let settings: RestartSettings?
  private let events: EventRecorder
  private let logger: Logger
  /// Nil while this replica does not lead.
  private let state = Mutex<State?>(nil)

  init(_ client: KubernetesClient, _ settings: RestartSettings?, events: EventRecorder, logger: Logger) {
    (self.client, self.settings, self.events, self.logger) = (client, settings, events, logger)
  }

  /// From now on accepts turns.
  func open() {
    if settings != nil { state.withLock { $0 = State() } }
  }

  /// When the Secrets of a customer's users last got another login, by the Secret's name.
  func expect(_ turns: [String: Restarts.Turn], of key: CustomerKey) {
    state.withLock { state in
      guard state != nil, state?.namespaces[key.namespace]?.turns[key] ?? [:] != turns else { return }
      var namespace = state?.namespaces[key.namespace] ?? Namespace()
      namespace.turns[key] = turns.isEmpty ? nil : turns
      state?.namespaces[key.namespace] = namespace.turns.isEmpty ? nil : namespace
      if !turns.isEmpty { state?.look(at: key.namespace, from: .now) }
    }
  }

  /// Restarts Pods until the task is cancelled; then forgets everything.
  /// - Parameter mayWrite: is asked directly before each write.
  func run(mayWrite: @escaping @Sendable () -> Bool) async {
    guard let settings else { return }
    await withDiscardingTaskGroup { group in
      while (try? await Task.sleep(for: settings.pause)) != nil {
        guard let (name, turns) = takeNext(settings.patience) else { continue }
        let look = Look(namespace: name, turns: turns, settings: settings, restarter: self, mayWrite: mayWrite)
        group.addTask {
          let wait = await look.run()
          self.state.withLock { $0?.ended(name, after: wait, at: .now, patience: settings.patience) }
        }
      }
    }
    state.withLock { $0 = nil }
  }

  private func takeNext(_ patience: Duration) -> (String, [String: Restarts.Turn])? {
    state.withLock { state in
      guard let name = state?.takeNext(at: .now, patience: patience), let namespace = state?.namespaces[name] else {
        return nil
      }
      return (name, namespace.turns.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } })
    }
  }

  /// For how long a workload has made no progress.
  private func stagnation(_ workload: ObservedPod.Owner, in namespace: String, moves: Bool) -> Duration {
    state.withLock { state in
      let now = ContinuousClock.now
      let since = moves ? now : state?.namespaces[namespace]?.since[workload] ?? now
      state?.namespaces[namespace]?.since[workload] = since
      return now - since
    }
  }

  private func keep(_ workloads: [ObservedPod.Owner], in namespace: String) {
    let kept = Set(workloads)
    state.withLock { state in
      let since = state?.namespaces[namespace]?.since.filter { kept.contains($0.key) }
      state?.namespaces[namespace]?.since = since ?? [:]
    }
  }

  /// Forgets of each Pod the Secrets that had turned before it was there: it has the new login, even where its node's clock is so
  /// far behind that it seems to have begun before the turn. Otherwise it would be restarted again and again.
  private func withoutNewer(
    _ pods: [ConnectedPod], after turns: [String: Restarts.Turn], in namespace: String
  ) -> [ConnectedPod] {
    let met = state.withLock { state in
      var met = (state?.namespaces[namespace]?.met ?? [:]).filter { turns[$0.key] == $0.value.turn }
      for (secret, turn) in turns where met[secret] == nil {
        met[secret] = (turn, Set(pods.filter { $0.restarting[secret] != nil }.map(\.uid)))
      }
      state?.namespaces[namespace]?.met = met
      return met
    }
    return pods.map { pod in
      var pod = pod
      pod.restarting = pod.restarting.filter { met[$0.key]?.pods.contains(pod.uid) == true }
      return pod
    }
  }

  /// One look at a namespace.
  private struct Look {
    let namespace: String
    let turns: [String: Restarts.Turn]
    let settings: RestartSettings
    let restarter: Restarter
    let mayWrite: @Sendable () -> Bool

    private enum Result {
      case evicted
      case held(Restarts.Obstacle)
      case notAsked
    }

    /// - Returns: after what time another look must follow; nil: after none.
    func run() async -> Duration? {
      let now = Timestamp(microseconds: SystemClock.wallMilliseconds * 1000)
      let ages = turns.mapValues { ($0, now.microseconds - $0.at.microseconds) }
      let settle = Int64(settings.settleSeconds) * 1_000_000
      let settled = ages.filter { $0.value.1 >= settle }.mapValues(\.0)
      // A clock that is set right counts soon.
      let young: Duration? =
        ages.values.map { settle - $0.1 }.filter { $0 > 0 }.min().map { min(.microseconds($0), settings.seldom) }
      guard !settled.isEmpty else { return young }
      do throws(Interruption) {
        let wait = try await restart(after: settled)
        return [wait, young].compactMap(\.self).min()
      } catch {
        guard case .failed(let failure) = error, !failure.isCancelled else { return Restarter.retryDelay }
        restarter.logger.warning(
          "no Pods are restarted for now", metadata: ["namespace": "\(namespace)", "error": "\(failure)"])
        return Restarter.retryDelay
      }
    }

    private func restart(after turns: [String: Restarts.Turn]) async throws(Interruption) -> Duration? {
      let pods = restarter.withoutNewer(
        try await ConnectedPod.list(restarter.client, in: namespace), after: turns, in: namespace)
      let restarts = Restarts(pods, turns: turns)
      let candidates = restarts.candidates
      restarter.keep(candidates.map(\.pod.workload), in: namespace)
      var (left, wait) = (Restarter.maximumAtOnce, Duration?.none)
      var unanswered = Refusals()
      let end = ContinuousClock.now + settings.maximumLook
      // In another order each time, so that none is always behind those that take long.
      for candidate in candidates.shuffled() {
        if ContinuousClock.now >= end { left = 0 }
        let result = try await attempt(candidate, of: restarts, &left, &unanswered)
        guard let next = await tell(result, candidate) else { continue }
        wait = min(wait ?? next, next)
      }
      return wait
    }

    /// - Parameter left: how many Pods may still be evicted. One that got no answer counts, because it may have been.
    private func attempt(
      _ candidate: Restarts.Candidate, of restarts: Restarts, _ left: inout Int, _ unanswered: inout Refusals
    ) async throws(Interruption) -> Result {
      if let obstacle = candidate.obstacle { return .held(obstacle) }
      guard left > 0 else { return .notAsked }
      var isAsked = false
      do throws(KubernetesError) {
        guard let (wanted, selector) = try await wantedPods(candidate.pod) else { return .notAsked }
        if restarts.missing(beside: candidate, of: wanted) != nil {
          // Some may not have the label, as where a changed template's Pods are made anew by hand (OnDelete).
          let others = try await ConnectedPod.list(restarter.client, in: namespace, labels: selector)
          if let obstacle = restarts.missing(beside: candidate, of: wanted, others: others) { return .held(obstacle) }
        }
        guard !Task.isCancelled, mayWrite() else { return .notAsked }
        isAsked = true
        try await restarter.client.evict(candidate.pod.name, in: namespace, uid: candidate.pod.uid)
      } catch {
        // The Pod has changed or is gone; the next look decides.
        if error.isNotFound || error.isConflict { return .notAsked }
        if error.code == nil {
          try unanswered.take(.failed(error))
          if !unanswered.mayWrite { left = 0 }
          if isAsked {
            left -= 1
            try? await Task.sleep(for: settings.pause)
          }
        }
        let hint = error.isForbidden ? "; an admin adds overlays/restart (chart: restarts.enabled)" : ""
        return .held(.now("\(error)\(hint)"))
      }
      left -= 1
      try? await Task.sleep(for: settings.pause)
      return .evicted
    }

    /// How many Pods the owner is to have, and a selector that finds at least these; nil where it is gone.
    private func wantedPods(_ pod: ConnectedPod) async throws(KubernetesError) -> (count: Int, selector: String?)? {
      let resources: [Resource] = [.replicaSets, .statefulSets, .daemonSets]
      guard let owner = pod.owner, let resource = resources.first(where: { $0.kind == owner.kind }) else { return nil }
      let object = try await restarter.client.get(resource, owner.name, in: namespace)
      var selector: String?
      if case .object(let labels)? = object["spec"]?["selector"]?["matchLabels"] {
        selector = labels.members.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ",")
      }
      let wanted =
        resource == .daemonSets
        ? object["status"]?["desiredNumberScheduled"]?.integer ?? 0 : object["spec"]?["replicas"]?.integer ?? 1
      return (wanted, selector)
    }

    /// - Returns: after what time the workload must be looked at again; nil: never.
    private func tell(_ result: Result, _ candidate: Restarts.Candidate) async -> Duration? {
      let (pod, turn) = (candidate.pod, candidate.turn)
      let login = "the login of user \(turn.user) from before \(turn.at.rfc3339)"
      func notice(_ reason: Notice.Reason, _ message: String) -> Notice {
        Notice(reason, of: .pod(name: pod.name, uid: pod.uid), in: namespace, message)
      }
      let stagnation = restarter.stagnation(
        pod.workload, in: namespace, moves: { if case .evicted = result { true } else { false } }())
      switch result {
      case .notAsked: return stagnation >= settings.heldFor ? settings.seldom : settings.interval
      case .evicted:
        restarter.logger.info(
          "a Pod is restarted", metadata: ["pod": "\(namespace)/\(pod.name)", "user": "\(turn.user)"])
        let message = "it has \(login) and is made anew: its connection says restart: true"
        await restarter.events.tell([notice(.restarted, message)], mayWrite: mayWrite)
        return settings.interval
      case .held(let obstacle):
        let isLasting = if case .never = obstacle { true } else { false }
        if isLasting || stagnation >= settings.heldFor {
          let message = "it has \(login), and is not restarted: \(obstacle.reason)"
          await restarter.events.tell([notice(.restartHeld, message)], mayWrite: mayWrite)
        }
        if isLasting { return nil }
        return stagnation >= settings.heldFor ? settings.seldom : settings.interval
      }
    }
  }
}

extension ConnectedPod {
  /// The applications' Pods in a namespace that connect by a label, to whichever customer.
  static func list(_ client: KubernetesClient, in namespace: String) async throws(Interruption) -> [Self] {
    do throws(KubernetesError) {
      return try await list(client, in: namespace, labels: AnnotationKey.connectLabel)
    } catch { throw .failed(error) }
  }

  /// The Pods in a namespace that a label selector finds, which need not connect; nil: all.
  static func list(
    _ client: KubernetesClient, in namespace: String, labels: String?
  ) async throws(KubernetesError) -> [Self] {
    let reader = ObjectReader { object throws(JSONError) in Self(try JSONValue(parsing: object)) }
    return try await client.list(Selection(.pods, namespace: namespace, labelSelector: labels), as: reader).items
      .compactMap(\.self)
  }
}
