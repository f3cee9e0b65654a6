import Contract
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import Logging
import Synchronization

/// Changes the image of sidecars in running Pods, as ``SidecarUpdates`` decides. The kubelet then restarts that container
/// alone.
final class SidecarUpdater: Sendable {
  private struct State {
    /// Nil while this replica does not lead.
    var updates: SidecarUpdates?
    var signal: AsyncStream<Void>.Continuation?
    var isStopped = false
    /// After which times steps are to follow even if nothing is seen.
    var timers: Set<Duration> = []
  }

  private let client: KubernetesClient
  /// Nil: sidecars are neither updated nor counted.
  private let settings: SidecarUpdateSettings?
  private let events: EventRecorder
  private let metrics: ControllerMetrics
  private let logger: Logger
  private let state = Mutex(State())

  init(
    _ client: KubernetesClient, _ settings: SidecarUpdateSettings?, events: EventRecorder, metrics: ControllerMetrics,
    logger: Logger
  ) {
    self.client = client
    self.settings = settings
    self.events = events
    self.metrics = metrics
    self.logger = logger
  }

  /// From now on accepts Pods.
  func open() { state.withLock { $0 = State(updates: settings.map { SidecarUpdates($0) }) } }

  /// The customer's Pods as they are now.
  func see(_ pods: [ObservedPod], of key: CustomerKey) {
    state.withLock { state in
      _ = state.updates?.see(pods, of: key, at: .now)
      state.signal?.yield()
    }
  }

  /// Something that matters besides the Pods has changed.
  func wake() { state.withLock { _ = $0.signal?.yield() } }

  /// Updates sidecars until the task is cancelled; then forgets everything.
  /// - Parameters:
  ///   - mayBegin: whether all Pods have been seen.
  ///   - isBusy: whether a sidecar must not be interrupted, by customer and the Pod's UID; nil: that is not known yet.
  func run(
    mayBegin: @Sendable () -> Bool, isBusy: @Sendable (CustomerKey, String) -> Bool?,
    mayWrite: @escaping @Sendable () -> Bool
  ) async {
    guard settings != nil else { return }
    let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.signal = signal }
    signal.yield()
    // One request that hangs holds up no other.
    await withDiscardingTaskGroup { group in
      for await _ in signals {
        guard mayBegin() else {
          later(signal, in: SidecarUpdates.interval)
          continue
        }
        let step = nextStep(isBusy)
        for failure in step.failures { group.addTask { await self.tell(failure, mayWrite) } }
        for update in step.updates { group.addTask { await self.send(update, mayWrite) } }
        if let duration = step.followsIn { later(signal, in: duration) }
      }
      group.cancelAll()
    }
    state.withLock { $0 = State() }
    metrics.set(nil, isStopped: false)
  }

  private func later(_ signal: AsyncStream<Void>.Continuation, in duration: Duration) {
    guard state.withLock({ $0.timers.insert(duration).inserted }) else { return }
    Task {
      try? await Task.sleep(for: duration)
      state.withLock { _ = $0.timers.remove(duration) }
      signal.yield()
    }
  }

  private func nextStep(_ isBusy: (CustomerKey, String) -> Bool?) -> SidecarUpdates.Step {
    let (step, counts, isStopped, wasStopped) = state.withLock { state in
      let step = state.updates?.step(at: .now, isBusy: isBusy) ?? SidecarUpdates.Step()
      let wasStopped = state.isStopped
      state.isStopped = state.updates?.isStopped(at: .now) ?? false
      return (step, state.updates?.counts, state.isStopped, wasStopped)
    }
    metrics.set(counts, isStopped: isStopped)
    if wasStopped, !isStopped { logger.info("sidecars are updated again") }
    return step
  }

  private func tell(_ failure: SidecarUpdates.Update, _ mayWrite: () -> Bool) async {
    let bound = SidecarUpdates.bound.components.seconds
    logger.warning(
      "no more sidecars are updated: one was not ready again",
      metadata: ["pod": "\(failure.name)", "image": "\(failure.pod.sidecar.image)", "seconds": "\(bound)"])
    let message =
      "the sidecar was not ready \(bound) s after its image had become \(failure.pod.sidecar.image); no other sidecars "
      + "are updated until it is: see kubectl logs -c \(SidecarContainer.name)"
    await events.tell([failure.notice(.sidecarUpdateStopped, message)], mayWrite: mayWrite)
  }

  private func send(_ update: SidecarUpdates.Update, _ mayWrite: () -> Bool) async {
    guard let image = settings?.image else { return }
    let result = await patch(update, image, mayWrite)
    state.withLock { state in
      state.updates?.ended(update, result, at: .now)
      state.signal?.yield()
    }
    guard case .done = result else { return }
    logger.info(
      "sidecar updated",
      metadata: ["pod": "\(update.name)", "from": "\(update.pod.sidecar.image)", "to": "\(image)"])
    let message = "the sidecar's image is \(image) now, and was \(update.pod.sidecar.image); Postgres is not restarted"
    await events.tell([update.notice(.sidecarUpdated, message)], mayWrite: mayWrite)
  }

  private func patch(
    _ update: SidecarUpdates.Update, _ image: String, _ mayWrite: () -> Bool
  ) async -> SidecarUpdates.Result {
    guard !Task.isCancelled, mayWrite() else { return .outdated }
    do throws(KubernetesError) {
      try await client.patch(
        .pods, update.pod.name, in: update.key.namespace,
        .strategic(update.patch(image: image, at: SystemClock.timestamp())), as: .nothing)
      return .done
    } catch {
      let result = SidecarUpdates.Result(error)
      if result != .outdated {
        logger.warning("a sidecar was not updated", metadata: ["pod": "\(update.name)", "error": "\(error)"])
      }
      return result
    }
  }
}

extension SidecarUpdates.Result {
  /// What an error means.
  init(_ error: KubernetesError) {
    switch error.cause {
    case .interrupted: self = .unknown
    default: self = error.isNotFound || error.isConflict ? .outdated : error.isDisallowed ? .refused : .failed
    }
  }
}

extension SidecarUpdates.Update {
  /// `NAMESPACE/NAME` of the Pod.
  fileprivate var name: String { "\(key.namespace)/\(pod.name)" }

  fileprivate func notice(_ reason: Notice.Reason, _ message: String) -> Notice {
    Notice(reason, of: .pod(name: pod.name, uid: pod.uid), in: key.namespace, message)
  }

  /// A strategic merge patch that changes the image of this sidecar and no other container. It marks the Pod if it was
  /// ready, for the next leader.
  func patch(image: String, at time: String) -> JSONValue {
    let marks = JSONValue.members([(AnnotationKey.sidecarUpdated, .string(time))])
    let container = JSONValue.members([("name", .string(SidecarContainer.name)), ("image", .string(image))])
    return .members([
      ("metadata", .members([("uid", .string(pod.uid)), ("annotations", pod.sidecar.isReady ? marks : nil)])),
      ("spec", .members([("initContainers", .array([container]))])),
    ])
  }
}
