import Contract
import CoreMetrics
import JSONBytes
import KubernetesAPI
package import KubernetesClient
import Linux
package import Logging
import Synchronization

/// An election by Lease: at most one replica leads at any moment.
///
/// ```swift
/// let election = LeaderElection(
///   cluster, namespace: "postern-system", identity: "pod-1_x7f3", clientMetrics: ClientMetrics(registry),
///   metrics: LeaderElectionMetrics(registry), logger: logger)
/// await election.run { mayWrite in await controller.lead(mayWrite: mayWrite) }  // until its task is cancelled
/// ```
package final class LeaderElection: Sendable {
  private let namespace: String
  private let name: String
  private let identity: String
  private let timing: LeaderElectionTiming
  private let client: KubernetesClient
  private let metrics: LeaderElectionMetrics
  private let logger: Logger
  private let now: @Sendable () -> Duration
  private let state: Mutex<LeaderElectionState>

  /// A candidate for the Lease.
  /// - Parameters:
  ///   - identity: the name of this replica in the Lease; no other process may ever have the same one.
  ///   - now: a clock that also advances while the process is stopped or the machine sleeps.
  package init(
    _ cluster: ClusterConfiguration, namespace: String, name: String? = nil, identity: String,
    timing: LeaderElectionTiming = LeaderElectionTiming(), clientMetrics: ClientMetrics, metrics: LeaderElectionMetrics,
    logger: Logger, now: (@Sendable () -> Duration)? = nil
  ) {
    self.namespace = namespace
    self.name = name ?? Installation.name
    self.identity = identity
    self.timing = timing
    self.metrics = metrics
    self.logger = logger
    client = KubernetesClient(cluster, settings: timing.clientSettings, metrics: clientMetrics, logger: logger)
    let start = ContinuousClock.now
    self.now = now ?? { ContinuousClock.now - start }
    state = Mutex(LeaderElectionState(identity: identity, timing: timing))
  }

  /// Tries to become the leader and leads, again and again, until the task is cancelled; then it gives the Lease back.
  /// May be called once.
  /// - Parameter body: what a leader does. It is cancelled when this replica no longer leads, and waited for. It must
  ///   ask its argument before every write, and no write may take longer than ``LeaderElectionTiming/writeTimeout``.
  package func run(leading body: @escaping @Sendable (_ mayWrite: @escaping @Sendable () -> Bool) async -> Void) async {
    while !Task.isCancelled {
      await contend()
      if !Task.isCancelled { await lead(body) }
    }
    // Its own task, because the release must not be cancelled.
    await Task { await self.release() }.value
    await client.shutdown()
  }

  /// Returns when this replica leads, or the task is cancelled.
  private func contend() async {
    while !Task.isCancelled {
      let pause = await attempt()
      guard state.withLock({ !$0.leads(at: now()) }) else { return }
      // A random time below the interval, so that candidates do not act in step; but exactly until a Lease expires.
      try? await Task.sleep(for: pause < timing.renewInterval ? pause : pause * Double.random(in: 0.8...1))
    }
  }

  private func lead(_ body: @escaping @Sendable (@escaping @Sendable () -> Bool) async -> Void) async {
    let term = state.withLock { $0.terms }
    let mayWrite: @Sendable () -> Bool = { [self] in
      state.withLock { $0.terms == term && $0.leads(at: now()) }
    }
    logger.info("leading", metadata: ["lease": "\(namespace)/\(name)"])
    metrics.leader.set(1)
    metrics.transitions.increment()
    await withTaskGroup { group in
      group.addTask { await body(mayWrite) }
      await renew()
      // From here on `mayWrite` says no, though the body may need a while to end.
      state.withLock { $0.resign() }
      metrics.leader.set(0)
      group.cancelAll()
    }
    guard !Task.isCancelled else { return }
    let holder = state.withLock { $0.holder }
    let reason = holder == identity ? "not renewed for \(timing.renewDeadline)" : "it is \(holder)'s"
    logger.warning("leading no more", metadata: ["lease": "\(namespace)/\(name)", "reason": "\(reason)"])
  }

  /// Returns when this replica no longer leads, or the task is cancelled.
  private func renew() async {
    while let until = state.withLock({ $0.leadsUntil }) {
      try? await Task.sleep(for: max(.zero, min(timing.renewInterval, until - now())))
      let rest = until - now()
      guard !Task.isCancelled, rest > .zero else { return }
      await withTaskGroup { group in
        group.addTask { _ = await self.attempt() }
        group.addTask { try? await Task.sleep(for: rest) }
        await group.next()
        group.cancelAll()
      }
    }
  }

  /// Does the next step. It reads the Lease first, unless this replica wrote it last.
  /// - Returns: how long to wait before the next attempt.
  private func attempt() async -> Duration {
    var mayKnow = true
    for _ in 0..<2 {
      do throws(KubernetesError) {
        if !mayKnow || state.withLock({ $0.leadsUntil == nil }) { try await read() }
        return try await write() ?? timing.renewInterval
      } catch {
        // Another replica was faster, or the answer to this one's write was lost. Read the Lease and try once more.
        guard mayKnow, error.isConflict || error.isAlreadyExists || error.isNotFound else {
          if !error.isCancelled { logger.warning("the Lease is not reached", metadata: ["error": "\(error)"]) }
          return timing.renewInterval
        }
        mayKnow = false
      }
    }
    return timing.renewInterval
  }

  private func read() async throws(KubernetesError) {
    let lease: JSONValue?
    do throws(KubernetesError) { lease = try await client.get(.leases, name, in: namespace) } catch {
      guard error.isNotFound else { throw error }
      lease = nil
    }
    state.withLock { $0.saw(lease, at: now()) }
  }

  /// - Returns: how long to wait if there is nothing to write; nil if the Lease was written.
  private func write() async throws(KubernetesError) -> Duration? {
    let begun = now()
    let (step, old) = state.withLock { ($0.next(at: begun, wallTime: Self.wallTime()), $0.lease) }
    let written: JSONValue
    switch step {
    case .wait(let pause): return pause
    case .create(let record):
      written = try await client.create(.leases, record.lease(name, in: namespace, replacing: nil))
    case .update(let record):
      written = try await client.update(.leases, record.lease(name, in: namespace, replacing: old))
    }
    state.withLock { $0.wrote(written, begun: begun, at: now()) }
    return nil
  }

  /// Gives the Lease back, so that another replica can lead at once.
  private func release() async {
    do throws(KubernetesError) {
      try await read()
      let (record, old) = state.withLock { ($0.released(wallTime: Self.wallTime()), $0.lease) }
      guard let record else { return }
      try await client.update(.leases, record.lease(name, in: namespace, replacing: old))
      logger.info("Lease released", metadata: ["lease": "\(namespace)/\(name)"])
    } catch {
      logger.warning("the Lease is not released; it runs out", metadata: ["error": "\(error)"])
    }
  }

  /// `MicroTime` has six digits.
  private static func wallTime() -> String { "\(SystemClock.timestamp().dropLast())000Z" }
}
