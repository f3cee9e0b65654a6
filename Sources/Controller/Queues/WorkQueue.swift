import Synchronization

/// A queue of keys to work on. Each key is in it once, however often it is added, and is never worked on twice at the
/// same time. After a failure it is tried again, with growing waits. Owners (namespaces) take turns, and none has all places.
/// Keys whose work took long the last time ("dear") wait behind the others ("cheap"), and never take all places.
final class WorkQueue<Key: Hashable & Sendable>: Sendable {
  /// The result of the work on a key.
  enum Result: Sendable {
    case done
    /// It must be tried again.
    case failed
  }

  private struct State {
    /// Signals that a key may be ready; nil while the queue gives no keys.
    var signal: AsyncStream<Void>.Continuation?
    var cheap = FairLine<Key>()
    var dear = FairLine<Key>()
    var isWaiting: Set<Key> = []
    var running: Set<Key> = []
    /// Keys whose work took long the last time.
    var isDear: Set<Key> = []
    /// When a key was last taken or finished, or added to an idle queue.
    var moved = ContinuousClock.now
    /// Keys that were added while they were being worked on.
    var again: Set<Key> = []
    var failures: [Key: Int] = [:]
    /// Increases with each failure, so that only the last of several waits for a key counts.
    var retries: [Key: Int] = [:]
    var lastRetry = 0
    /// How often each key's work has changed something recently, and since when that is counted.
    var changes: [Key: (count: Int, since: ContinuousClock.Instant)] = [:]
    /// When expired counts were last removed.
    var swept = ContinuousClock.now
    /// Contested keys: if they are added, they wait until their retry.
    var held: Set<Key> = []

    /// Whether the work has changed something too often within a minute.
    mutating func isContested(_ key: Key, at now: ContinuousClock.Instant) -> Bool {
      if now - swept > WorkQueue.changeInterval {
        changes = changes.filter { now - $0.value.since <= WorkQueue.changeInterval }
        swept = now
      }
      var (count, since) = changes[key] ?? (0, now)
      if now - since > WorkQueue.changeInterval { (count, since) = (0, now) }
      changes[key] = (count + 1, since)
      return count >= WorkQueue.maximumChanges
    }
  }

  /// People do not make more changes of one key within a minute than this.
  static var maximumChanges: Int { 20 }
  private static var changeInterval: Duration { .seconds(60) }

  /// Work that takes longer than this is dear.
  private static var cheapDuration: Duration { .seconds(1) }

  private let limit: Int
  /// How many places dear work must leave to cheap work, and one owner to the others: of new keys nobody knows whether they are dear.
  private var reserve: Int { max(1, limit / 4) }
  private let owner: @Sendable (Key) -> String
  private let firstDelay: Duration
  private let maximumDelay: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: how many keys may be worked on at once.
  ///   - firstDelay: the approximate wait before the first retry; it doubles each time.
  ///   - maximumDelay: the longest wait.
  ///   - owner: the owner of a key, for the turns.
  init(limit: Int, firstDelay: Duration, maximumDelay: Duration, owner: @escaping @Sendable (Key) -> String) {
    self.owner = owner
    self.limit = limit
    self.firstDelay = firstDelay
    self.maximumDelay = maximumDelay
  }

  /// How many keys wait.
  var depth: Int { state.withLock { $0.isWaiting.count } }

  /// For how long nothing has moved although there is work; nil where there is none.
  func standstill(at now: ContinuousClock.Instant = .now) -> Duration? {
    state.withLock { state in
      state.signal == nil || (state.isWaiting.isEmpty && state.running.isEmpty) ? nil : now - state.moved
    }
  }

  /// Records that long work on a key is making progress.
  func moves() { state.withLock { $0.moved = .now } }

  /// How often in a row the work on a key has failed.
  func failures(of key: Key) -> Int { state.withLock { $0.failures[key] ?? 0 } }

  /// How many keys have counted changes: at most those that were changed within two minutes.
  var countedKeys: Int { state.withLock { $0.changes.count } }

  /// From now on the queue gives keys.
  /// - Returns: a stream with an element whenever a key may be ready.
  func open() -> AsyncStream<Void> {
    let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.signal = signal }
    return signals
  }

  /// Forgets all keys, and gives none.
  func close() { state.withLock { $0 = State() } }

  /// Adds keys to be worked on soon. A key that is being worked on is worked on once more afterwards.
  func add(_ keys: some Sequence<Key>) {
    state.withLock { state in
      guard let signal = state.signal else { return }
      for key in keys { add(key, &state) }
      signal.yield()
    }
  }

  private func add(_ key: Key, _ state: inout State) {
    guard !state.held.contains(key) else { return }
    state.retries[key] = nil
    if state.isWaiting.isEmpty, state.running.isEmpty { state.moved = .now }
    if state.running.contains(key) {
      state.again.insert(key)
    } else if state.isWaiting.insert(key).inserted {
      if state.isDear.contains(key) {
        state.dear.append(key, of: owner(key))
      } else {
        state.cheap.append(key, of: owner(key))
      }
    }
  }

  /// Takes keys to work on now. For each, call ``finished(_:_:hasWritten:took:at:)`` afterwards.
  func take() -> [Key] {
    state.withLock { state in
      var keys: [Key] = []
      while state.running.count < limit, let key = next(&state) {
        state.isWaiting.remove(key)
        state.running.insert(key)
        state.moved = .now
        keys.append(key)
      }
      return keys
    }
  }

  private func next(_ state: inout State) -> Key? {
    let full = fullOwner(state.running)
    guard !state.dear.isEmpty else { return state.cheap.removeFirst(passing: full) }
    let dear = state.running.count { state.isDear.contains($0) }
    // One dear key is always worked on, however many others come.
    if dear > 0, let key = state.cheap.removeFirst(passing: full) { return key }
    guard dear == 0 || dear < limit - reserve else { return nil }
    return state.dear.removeFirst(passing: full) ?? state.cheap.removeFirst(passing: full)
  }

  /// The owner who has as many places as one may have; there is one at most, as that is over half of them.
  private func fullOwner(_ running: Set<Key>) -> String? {
    guard limit > 1, running.count >= limit - reserve else { return nil }
    var places: [String: Int] = [:]
    for key in running { places[owner(key), default: 0] += 1 }
    return places.first { $0.value >= limit - reserve }?.key
  }

  /// The work on a key has ended.
  /// - Parameter hasWritten: whether something was changed. If that happens again and again, somebody else undoes the change;
  ///   then the key must wait as well, whether or not something else was refused.
  /// - Returns: if it must be tried again, how long to wait before ``retry(_:_:)``, and the number to pass to it.
  func finished(
    _ key: Key, _ result: Result, hasWritten: Bool = false, took duration: Duration = .zero,
    at now: ContinuousClock.Instant = .now
  ) -> (delay: Duration, retry: Int)? {
    state.withLock { state in
      guard state.running.remove(key) != nil else { return nil }
      state.signal?.yield()
      state.moved = .now
      if duration > Self.cheapDuration { state.isDear.insert(key) } else { state.isDear.remove(key) }
      let isAgain = state.again.remove(key) != nil
      let isContested = hasWritten && state.isContested(key, at: now)
      guard result == .failed || isContested else {
        state.failures[key] = nil
        if isAgain { add(key, &state) }
        return nil
      }
      // A key that was added meanwhile must wait as well. If the API server refuses its writes, it would otherwise be
      // tried again at once.
      if isContested { state.held.insert(key) }
      let failures = state.failures[key, default: 0]
      state.failures[key] = failures + 1
      state.lastRetry += 1
      state.retries[key] = state.lastRetry
      let bound = min(firstDelay * Double(1 << min(failures, 20)), maximumDelay)
      return (bound * Double.random(in: 0.5...1), state.lastRetry)
    }
  }

  /// The wait before a retry is over.
  func retry(_ key: Key, _ retry: Int) {
    let isDue = state.withLock { state in
      state.held.remove(key)
      return state.retries[key] == retry
    }
    if isDue { add(CollectionOfOne(key)) }
  }
}
