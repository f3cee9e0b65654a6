import DatabaseSpec
import Synchronization

/// When instances have to be looked at again because a password turns. A leader that starts looks at all.
final class DueTimes: Sendable {
  private let times = Mutex<[CustomerKey: Timestamp]>([:])

  /// Nil: not because of that.
  func set(_ time: Timestamp?, of key: CustomerKey) { times.withLock { $0[key] = time } }

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
