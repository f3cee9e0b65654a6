/// Growing waits. Each wait is random between zero and a bound that doubles ("full jitter"), so that clients that were
/// disconnected together do not reconnect together.
struct Backoff {
  private let first: Duration
  private let maximum: Duration
  private var bound: Duration

  /// - Parameter maximum: nil: as the settings say for requests.
  init(_ settings: ClientSettings, maximum: Duration? = nil) {
    first = settings.retryDelay
    self.maximum = maximum ?? settings.maximumRetryDelay
    bound = first
  }

  /// The next wait; where the server gave a minimum, at least that.
  mutating func next(after retryAfter: Duration? = nil) -> Duration {
    defer { bound = min(bound * 2, maximum) }
    return (retryAfter ?? .zero) + bound * Double.random(in: 0...1)
  }

  /// Begins again with the first bound.
  mutating func reset() { bound = first }
}
