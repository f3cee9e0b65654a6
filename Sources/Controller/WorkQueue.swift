import Synchronization

/// Keys that are to be worked on: each once, however often it is added; never twice at the same time; after a failure
/// later, and later each time. Owners (namespaces) have turns. What took long the last time waits behind what did not, and
/// never takes all places.
final class WorkQueue<Key: Hashable & Sendable>: Sendable {
  /// How work came out.
  enum Result: Sendable {
    case done
    /// Done, and something was changed. Where that is so again and again, somebody else undoes it: then it waits, too.
    case changed
    /// It is to be tried again.
    case failed
  }

  private struct State {
    /// Says that something may have become ready; nil where no keys are taken.
    var signal: AsyncStream<Void>.Continuation?
    var cheap = FairLine<Key>()
    var dear = FairLine<Key>()
    var isWaiting: Set<Key> = []
    var running: Set<Key> = []
    /// Those that took long the last time.
    var isDear: Set<Key> = []
    /// When a key was last taken, finished, or added to a queue that had nothing to do.
    var moved = ContinuousClock.now
    /// Added while they were running.
    var again: Set<Key> = []
    var failures: [Key: Int] = [:]
    /// Counts up with each failure, so that of several waits for a key the last one counts.
    var retries: [Key: Int] = [:]
    var lastRetry = 0
    /// How often something was changed lately, and since when that is counted.
    var changes: [Key: (count: Int, since: ContinuousClock.Instant)] = [:]
    /// When those were last forgotten that are no longer counted.
    var swept = ContinuousClock.now
    /// Contested: what is added waits until the retry.
    var held: Set<Key> = []

    /// Whether something was changed too often within a minute.
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

  /// More changes of one key within a minute are none that people make.
  static var maximumChanges: Int { 20 }
  private static var changeInterval: Duration { .seconds(60) }

  /// What takes longer is dear.
  private static var cheapDuration: Duration { .seconds(1) }

  private let limit: Int
  /// How many places what is dear leaves to what is not.
  private var reserve: Int { max(1, limit / 4) }
  private let owner: @Sendable (Key) -> String
  private let firstDelay: Duration
  private let maximumDelay: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: how many may be worked on at once.
  ///   - firstDelay: about how long the first retry waits; doubled each time.
  ///   - maximumDelay: no wait is longer.
  ///   - owner: whose turn it is when a key is taken.
  init(limit: Int, firstDelay: Duration, maximumDelay: Duration, owner: @escaping @Sendable (Key) -> String) {
    self.owner = owner
    self.limit = limit
    self.firstDelay = firstDelay
    self.maximumDelay = maximumDelay
  }

  /// How many wait to be worked on.
  var depth: Int { state.withLock { $0.isWaiting.count } }

  /// For how long nothing has moved, though there is something to do; nil where there is nothing.
  func standstill(at now: ContinuousClock.Instant = .now) -> Duration? {
    state.withLock { state in
      state.signal == nil || (state.isWaiting.isEmpty && state.running.isEmpty) ? nil : now - state.moved
    }
  }

  /// Work on a key goes on: it is long, but does not stand still.
  func moves() { state.withLock { $0.moved = .now } }

  /// How many keys' changes are counted: no more than were changed within two minutes.
  var countedKeys: Int { state.withLock { $0.changes.count } }

  /// From now on keys are taken.
  /// - Returns: an element whenever something may have become ready.
  func open() -> AsyncStream<Void> {
    let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.signal = signal }
    return signals
  }

  /// Forgets all keys, and takes none.
  func close() { state.withLock { $0 = State() } }

  /// Has a key worked on, soon; where it is being worked on, once more.
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

  /// Keys to be worked on from now on; tell of each when it is ``finished(_:_:took:at:)``.
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
    guard !state.dear.isEmpty else { return state.cheap.removeFirst() }
    let dear = state.running.count { state.isDear.contains($0) }
    // One of the dear ones is always worked on, however many others come.
    if dear > 0, let key = state.cheap.removeFirst() { return key }
    return dear == 0 || dear < limit - reserve ? state.dear.removeFirst() : nil
  }

  /// Work on a key has ended.
  /// - Returns: where it is to be tried again, how long to wait before ``retry(_:_:)``, and what to give to that.
  func finished(
    _ key: Key, _ result: Result, took duration: Duration = .zero, at now: ContinuousClock.Instant = .now
  ) -> (delay: Duration, retry: Int)? {
    state.withLock { state in
      guard state.running.remove(key) != nil else { return nil }
      state.signal?.yield()
      state.moved = .now
      if duration > Self.cheapDuration { state.isDear.insert(key) } else { state.isDear.remove(key) }
      let isAgain = state.again.remove(key) != nil
      let isContested = result == .changed && state.isContested(key, at: now)
      guard result == .failed || isContested else {
        state.failures[key] = nil
        if isAgain { add(key, &state) }
        return nil
      }
      // What was added meanwhile does not go before the wait: where the API server refuses, it would be asked at once.
      if isContested { state.held.insert(key) }
      let failures = state.failures[key, default: 0]
      state.failures[key] = failures + 1
      state.lastRetry += 1
      state.retries[key] = state.lastRetry
      let bound = min(firstDelay * Double(1 << min(failures, 20)), maximumDelay)
      return (bound * Double.random(in: 0.5...1), state.lastRetry)
    }
  }

  /// The wait of a retry is over.
  func retry(_ key: Key, _ retry: Int) {
    let isDue = state.withLock { state in
      state.held.remove(key)
      return state.retries[key] == retry
    }
    if isDue { add(CollectionOfOne(key)) }
  }
}
