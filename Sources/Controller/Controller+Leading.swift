import DatabaseSpec
import Declarations
import Instances
import KubernetesClient
import Linux
import Logging
import Synchronization

extension Controller {
  /// Makes every instance as it is declared, and keeps it so, until the task is cancelled. Only one replica may run it
  /// at a time. It begins when all declarations are known.
  /// - Parameter mayWrite: is asked directly before each write; false ends the work on an instance.
  package func lead(mayWrite: @escaping @Sendable () -> Bool) async {
    looks.open()
    updater.open()
    restarter.open()
    let signals = queue.open()
    let all = showPods { ($0.all, $0.all) }
    queue.add(all)
    await withDiscardingTaskGroup { group in
      group.addTask { await self.looks.run(mayWrite: mayWrite) }
      group.addTask {
        await self.updater.run(
          mayBegin: { self.isSynced },
          isBusy: { self.knows($0.namespace) ? self.looks.runsScript($1, of: $0) : true }, mayWrite: mayWrite)
      }
      group.addTask { await self.restarter.run(mayWrite: mayWrite) }
      group.addTask { await self.watchTurns() }
      group.addTask { await self.events.run(mayWrite: mayWrite) }
      for await _ in signals {
        guard isSynced else { continue }
        for key in queue.take() {
          // It is added again when all is known of its namespace.
          guard knows(key.namespace) else {
            _ = queue.finished(key, .done)
            continue
          }
          group.addTask { await self.work(on: key, mayWrite: mayWrite) }
        }
        metrics.set(depth: queue.depth)
      }
      group.cancelAll()
    }
    queue.close()
    events.forgetUnsent()
    turns.clear()
    for key in instances.clear() { metrics.set(nil, of: key) }
    metrics.set(depth: 0)
    metrics.set([:])
  }

  /// After so many failures in a row, half a minute or so, another of the same kind does not pass by itself.
  private static let lastingFailures = 5

  private func knows(_ namespace: String) -> Bool { cluster.withLock { $0.knows(namespace) } }

  /// Wakes instances when a password is due to turn. It looks every few seconds, so that a clock that is set right counts.
  private func watchTurns() async {
    while (try? await Task.sleep(for: settings.turnInterval)) != nil { queue.add(turns.take(at: Self.now)) }
  }

  /// Has another pass over an instance come after this time at the latest.
  private func bring(_ key: CustomerKey, in duration: Duration) {
    turns.bring(Self.now.adding(seconds: Int(duration.components.seconds)), of: key)
  }

  private static var now: Timestamp { Timestamp(microseconds: SystemClock.wallMilliseconds * 1000) }

  private func work(on key: CustomerKey, mayWrite: @escaping @Sendable () -> Bool) async {
    let start = ContinuousClock.now
    var customer = cluster.withLock { cluster in
      cluster.began(key)
      return cluster[key]
    }
    var state = Customer.State?.none
    var outcome = PassOutcome.unchanged
    var hasWritten = false
    var notices: [Notice] = []
    var makesService = false
    do throws(KubernetesError) {
      if customer.needsLookup { try await lookUp(&customer, of: key) }
      let resolution = customer.resolve(key)
      makesService = resolution.instance?.declaration.makesService == true
      (state, notices) = (resolution.state, resolution.notices)
      if let instance = resolution.instance {
        let passed = await pass(
          over: instance, of: key, pods: Array(customer.pods.values), silent: resolution.silent, mayWrite)
        notices += passed.notices
        state = passed.state ?? state
        (outcome, hasWritten) = (passed.outcome, passed.hasWritten)
      } else if resolution.state == nil {
        outcome = try await markUnused(key, mayWrite)
        hasWritten = outcome == .changed
      }
    } catch {
      logger.warning("an instance is tried again", metadata: ["instance": "\(key)", "error": "\(error)"])
      if isWorthTelling(error, of: key) {
        notices += customer.pods.values.sorted { $0.name < $1.name }.map { pod in
          Notice(.failed, of: .pod(name: pod.name, uid: pod.uid), in: key.namespace, error.description)
        }
      }
      (state, outcome) = (.failed, .failed)
    }
    let isAll = outcome == .unchanged || outcome == .changed
    if isAll { events.forgetUnsent(of: customer.uids, but: notices) }
    await events.tell(notices, mayWrite: mayWrite)
    log(notices.filter(\.reason.isOfDeclaration), of: key, isAll: isAll)
    // A little later, so that all can be told again that was told after it.
    if let wait = events.wait(for: notices) { bring(key, in: .seconds(60) + wait) }
    // No watch tells that somebody has deleted a Service, or made one that was missing. Not all customers at once.
    if makesService || notices.contains(where: { $0.reason == .noService }) {
      bring(key, in: .seconds(600) * Double.random(in: 0.8...1))
    }
    metrics.record(outcome, took: ContinuousClock.now - start)
    // Where its last Pod went meanwhile, and no workload was seen to go, no other pass comes.
    let isGone = cluster.withLock { $0[key].isEmpty }
    if outcome != .stopped, state == nil || isGone {
      forget(key)
    } else {
      let found = looks.found(of: key)
      metrics.set(found, of: key)
      if let counts = instances.change(key, { ($0.state, $0.found) = (state, found) }) { metrics.set(counts) }
    }
    if cluster.withLock({ $0.ended(key) }) { queue.add(CollectionOfOne(key)) }
    guard
      let wait = queue.finished(
        key, outcome.next, hasWritten: hasWritten, took: ContinuousClock.now - start)
    else { return }
    guard (try? await Task.sleep(for: wait.delay)) != nil else { return }
    queue.retry(key, wait.retry)
  }

  /// Forgets what is known of a customer's instance.
  func forget(_ key: CustomerKey) {
    looks.expect(nil, of: key)
    restarter.expect([:], of: key)
    turns.set(nil, of: key)
    metrics.set(nil, of: key)
    if let counts = instances.change(key, { $0 = InstanceRecords.Record() }) { metrics.set(counts) }
  }

  /// How many problems of a pass are logged.
  private static let maximumLogged = 25

  /// Logs what of a declaration is not carried out, each time that it becomes so: Events are gone after an hour.
  /// - Parameter isAll: whether these are all of the instance's.
  private func log(_ problems: [Notice], of key: CustomerKey, isAll: Bool) {
    let said = instances[key].problems
    let fresh = problems.filter { !said.contains($0) }.prefix(Self.maximumLogged)
    for problem in fresh {
      var metadata = problem.metadata
      metadata["instance"] = "\(key)"
      logger.warning("a declaration is not carried out", metadata: metadata)
    }
    // The others are logged by the next pass.
    _ = instances.change(key) { $0.problems = (isAll ? said.intersection(problems) : said).union(fresh) }
  }

  /// Has it noted what is not carried out. No pass fails because of that.
  private func note(_ notices: [Notice], by pass: inout InstancePass, of key: CustomerKey) async {
    do throws(Interruption) { try await pass.noteProblems(notices) } catch {
      guard case .failed(let failure) = error, !failure.isCancelled else { return }
      logger.warning("problems were not noted", metadata: ["instance": "\(key)", "error": "\(failure)"])
    }
  }

  /// Whether people are told of a failed pass. Where another writer was faster, or the API server is away, the next try comes
  /// before anybody could read an Event about it; unless it is about one object, and lasts.
  private func isWorthTelling(_ failure: KubernetesError, of key: CustomerKey) -> Bool {
    let isLasting = failure.mayBeOfOneObject && queue.failures(of: key) >= Self.lastingFailures
    return !failure.isCancelled && (isLasting || !failure.isConflict && !failure.isTransient)
  }

  /// Finds the workload of Pods, if the workload itself has no label.
  private func lookUp(_ customer: inout Customer, of key: CustomerKey) async throws(KubernetesError) {
    let pods = Array(customer.pods.values)
    let found = try await OwnerLookup(client: client, namespace: key.namespace).declarer(of: pods)
    customer.unlabelled = found
    cluster.withLock { if $0[key].needsLookup { $0[key].unlabelled = found } }
  }

  /// Marks the Secrets of a customer for which nothing declares any more.
  private func markUnused(
    _ key: CustomerKey, _ mayWrite: @escaping @Sendable () -> Bool
  ) async throws(KubernetesError) -> PassOutcome {
    do throws(Interruption) {
      let (marked, failure) = try await UnusedMark(access: access(to: key, mayWrite)).set(at: SystemClock.timestamp())
      if !marked.isEmpty {
        let names = marked.map(\.name).joined(separator: ", ")
        logger.info("Secrets are used by nobody", metadata: ["instance": "\(key)", "secrets": "\(names)"])
      }
      if let failure { throw .failed(failure) }
      return marked.isEmpty ? .unchanged : .changed
    } catch {
      guard case .failed(let failure) = error else { return .stopped }
      throw failure
    }
  }

  private func access(to key: CustomerKey, _ mayWrite: @escaping @Sendable () -> Bool) -> ObjectAccess {
    // Where many writes fail, each of which takes long, the pass has not come to a stop.
    let mayStillWrite: @Sendable () -> Bool = {
      self.queue.moves()
      return mayWrite()
    }
    return ObjectAccess(client: client, key: key, mayWrite: mayStillWrite) { written in
      self.queue.moves()
      self.cluster.withLock { $0.wrote(written, of: key) }
    }
  }

  private func pass(
    over instance: Instance, of key: CustomerKey, pods: [ObservedPod], silent: Set<String>?,
    _ mayWrite: @escaping @Sendable () -> Bool
  ) async -> (outcome: PassOutcome, hasWritten: Bool, state: Customer.State?, notices: [Notice]) {
    let access = access(to: key, mayWrite)
    // The time first: where the clock is set after it, the reports may be of the clock before.
    let clock = RotationClock(now: Self.now, reports: looks.logins(of: key))
    var pass = InstancePass(
      instance, pods: pods.sorted { $0.name < $1.name }, access: access, judge: judge,
      owesUpdate: instances[key].isOwed, guarded: instances[key].guarded,
      knownService: instances[key].answeredService, silent: silent, clock: clock,
      again: { self.queue.add(CollectionOfOne(key)) })
    var failure: KubernetesError?
    var end: PassOutcome?
    do throws(Interruption) { try await pass.run() } catch {
      switch error {
      case .notLeading: end = .stopped
      case .failed(let error): failure = error
      case .awaitsVerdicts: end = .waiting
      // It is reported as a problem of the instance.
      case .tooMuch: break
      case .crowded: end = .crowded
      }
    }
    let (isOwed, guarded, answered) = (pass.hasUntoldUpdate, pass.guarded, pass.service.answered)
    _ = instances.change(key) { record in
      (record.isOwed, record.guarded, record.answeredService) = (isOwed, guarded, answered)
    }
    // A pass that ended early knows nothing of the turns, and is tried again.
    if let last = pass.turns {
      let rotates = pass.rotates
      _ = instances.change(key) { $0.rotates = rotates }
      turns.set(pass.nextTurn(after: clock.now), of: key)
      restarter.expect(last, of: key)
      // What was told meanwhile has woken nobody, if this was the first pass that has to do with it.
      if rotates, looks.logins(of: key) != clock.reports { queue.add(CollectionOfOne(key)) }
    }
    if let expectation = pass.expectation { looks.expect(expectation, of: key) }
    if let refusal = pass.unhurried {
      logger.warning(
        "a Pod is not told of what was written; its kubelet brings it within a minute or so",
        metadata: ["instance": "\(key)", "error": "\(refusal)"])
    }
    var notices = pass.problems.map { Notice($0, of: instance.workload, in: key.namespace) }
    notices += pass.service.notices.map { Notice($0.reason, of: instance.workload, in: key.namespace, $0.message) }
    let isTold = failure.map { isWorthTelling($0, of: key) } ?? false
    if let failure, isTold {
      notices.append(Notice(.failed, of: instance.workload, in: key.namespace, failure.description))
    }
    // What passes by itself leaves what was noted.
    if end == nil, failure == nil || isTold { await note(notices, by: &pass, of: key) }
    notices += pass.rotationNotices.map { Notice($0.reason, of: instance.workload, in: key.namespace, $0.message) }
    notices += pass.staleNotices
    if let summary = pass.summary {
      logger.info("instance changed", metadata: ["instance": "\(key)", "what": "\(summary)"])
      notices.append(Notice(.objectsWritten, of: instance.workload, in: key.namespace, summary))
    }
    if let failure, !failure.isCancelled {
      logger.warning("an instance is tried again", metadata: ["instance": "\(key)", "error": "\(failure)"])
      return (.failed, pass.summary != nil, .failed, notices)
    }
    if failure != nil || end == .stopped { return (.stopped, false, nil, []) }
    let state = pass.problems.isEmpty && end == nil ? nil : Customer.State.incomplete
    return (end ?? (pass.summary == nil ? .unchanged : .changed), pass.summary != nil, state, notices)
  }
}

extension InstancePass {
  /// What was written, for people; nil where nothing was written.
  var summary: String? {
    let parts = [
      ("made", made + service.made), ("changed", changed + service.changed), ("deleted", deleted + service.deleted),
    ].filter { !$0.1.isEmpty }
      .map { "\($0.0) \($0.1.sorted().joined(separator: ", "))" }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}
