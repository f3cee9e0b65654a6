import DatabaseSpec
import Synchronization

/// When instances have to be looked at again because a password turns, or something has to be told again. A leader that starts looks at all.
final class DueTimes: Sendable {
  private let times = Mutex<[CustomerKey: Timestamp]>([:])

  /// Nil: not because of that.
  func set(_ time: Timestamp?, of key: CustomerKey) { times.withLock { $0[key] = time } }

  /// At this time at the latest.
  func bring(_ time: Timestamp, of key: CustomerKey) {
    times.withLock { times in
      if let due = times[key], due.microseconds <= time.microseconds { return }
      times[key] = time
    }
  }

  /// Takes those whose time has come.
  func take(at now: Timestamp) -> [CustomerKey] {
    times.withLock { times in
      let due = times.filter { $0.value.microseconds <= now.microseconds }.map(\.key)
      for key in due { times[key] = nil }
      return due
    }
  }

  /// Forgets all.
  func clear() { times.withLock { $0 = [:] } }
}
