import Synchronization

/// Limits requests to a rate per second, with a burst after a quiet time, in the order in which they ask. Each request
/// reserves the next free moment at once, then waits for it.
final class TokenBucket: Sendable {
  private struct State {
    /// Below zero: that many requests are waiting.
    var tokens: Double
    var at: Duration
  }

  private let rate: Double
  private let burst: Double
  private let time: Time
  private let state: Mutex<State>

  init(rate: Double, burst: Int, time: Time) {
    self.rate = rate
    self.burst = Double(burst)
    self.time = time
    state = Mutex(State(tokens: Double(burst), at: time.now()))
  }

  /// Returns when a request may be sent. A cancelled request gives its token back; those behind it keep their moments.
  func take() async throws {
    let wait = state.withLock { state in
      let now = time.now()
      state.tokens = min(burst, state.tokens + (now - state.at) / .seconds(1) * rate) - 1
      state.at = now
      return max(0, -state.tokens / rate)
    }
    guard wait > 0 else { return }
    do {
      try await time.sleep(.seconds(wait))
    } catch {
      state.withLock { $0.tokens += 1 }
      throw error
    }
  }
}
