/// Waits that grow: each is random between nothing and a bound that doubles ("full jitter"), so that clients that were
/// cut off together do not come back together.
struct Backoff {
  private let first: Duration
  private let maximum: Duration
  private var bound: Duration

  init(_ settings: ClientSettings) {
    first = settings.retryDelay
    maximum = settings.maximumRetryDelay
    bound = first
  }

  /// The next wait; where the server said how long, at least that.
  mutating func next(after retryAfter: Duration? = nil) -> Duration {
    defer { bound = min(bound * 2, maximum) }
    return (retryAfter ?? .zero) + bound * Double.random(in: 0...1)
  }

  /// From now on as at first.
  mutating func reset() { bound = first }
}
