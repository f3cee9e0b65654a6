/// The clock and the sleep that the client uses; tests replace them.
struct Time: Sendable {
  /// The time since some moment; it never goes back.
  var now: @Sendable () -> Duration
  /// Throws when the task is cancelled.
  var sleep: @Sendable (Duration) async throws -> Void

  static let system: Self = {
    let start = ContinuousClock.now
    return Self(now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) })
  }()
}

/// An operation has taken longer than it may.
struct TimedOut: Error {}

/// Runs an operation, and cancels it if it takes longer than `timeout`.
func withTimeout<Value: Sendable>(
  _ timeout: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask(operation: operation)
    group.addTask {
      try await Task.sleep(for: timeout)
      throw TimedOut()
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw CancellationError() }
    return value
  }
}
