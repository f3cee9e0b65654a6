/// How time goes by; tests have it go as they like.
struct Time: Sendable {
  /// Since some moment, never going back.
  var now: @Sendable () -> Duration
  /// Throws where the task is cancelled.
  var sleep: @Sendable (Duration) async throws -> Void

  static let system: Self = {
    let start = ContinuousClock.now
    return Self(now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) })
  }()
}

/// The time given to an operation has gone.
struct TimedOut: Error {}

/// Runs an operation, and cancels it when it takes longer.
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
