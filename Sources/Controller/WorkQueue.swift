import Synchronization

/// Keys that are to be worked on: each once, however often it is added; never twice at the same time; after a failure
/// later, and later each time.
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
    var waiting: [Key] = []
    var isWaiting: Set<Key> = []
    var running: Set<Key> = []
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

  private let limit: Int
  private let firstDelay: Duration
  private let maximumDelay: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: how many may be worked on at once.
  ///   - firstDelay: about how long the first retry waits; doubled each time.
  ///   - maximumDelay: no wait is longer.
  init(limit: Int, firstDelay: Duration, maximumDelay: Duration) {
    self.limit = limit
    self.firstDelay = firstDelay
    self.maximumDelay = maximumDelay
  }

  /// How many wait to be worked on.
  var depth: Int { state.withLock { $0.waiting.count } }

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
      for key in keys { Self.add(key, &state) }
      signal.yield()
    }
  }

  private static func add(_ key: Key, _ state: inout State) {
    guard !state.held.contains(key) else { return }
    state.retries[key] = nil
    if state.running.contains(key) {
      state.again.insert(key)
    } else if state.isWaiting.insert(key).inserted {
      state.waiting.append(key)
    }
  }

  /// Keys to be worked on from now on; tell of each when it is ``finished(_:_:at:)``.
  func take() -> [Key] {
    state.withLock { state in
      let count = min(state.waiting.count, max(0, limit - state.running.count))
      let keys = Array(state.waiting.prefix(count))
      state.waiting.removeFirst(count)
      state.isWaiting.subtract(keys)
      state.running.formUnion(keys)
      return keys
    }
  }

  /// Work on a key has ended.
  /// - Returns: where it is to be tried again, how long to wait before ``retry(_:_:)``, and what to give to that.
  func finished(
    _ key: Key, _ result: Result, at now: ContinuousClock.Instant = .now
  ) -> (delay: Duration, retry: Int)? {
    state.withLock { state in
      guard state.running.remove(key) != nil else { return nil }
      state.signal?.yield()
      let isAgain = state.again.remove(key) != nil
      let isContested = result == .changed && state.isContested(key, at: now)
      guard result == .failed || isContested else {
        state.failures[key] = nil
        if isAgain { Self.add(key, &state) }
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
