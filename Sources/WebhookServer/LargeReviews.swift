import CoreMetrics
import Linux
import NIOPosix
import Synchronization

/// Decides large reviews on a thread of its own, one at a time, so that no event loop waits for one, and no two take
/// memory at once. The thread runs where the event loops leave it a core.
final class LargeReviews: Sendable {
  private struct Review {
    let path: WebhookPath
    let body: [UInt8]
    let isDecided: @Sendable (WebhookReply) -> Void
  }

  private struct State {
    var queue = ReviewQueue<Review>()
    var isRunning = false
  }

  private let answer: @Sendable (WebhookPath, [UInt8]) -> WebhookReply
  private let waiting: Meter
  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let state = Mutex(State())

  init(_ metrics: ServerMetrics, _ answer: @escaping @Sendable (WebhookPath, [UInt8]) -> WebhookReply) {
    self.answer = answer
    waiting = metrics.largeReviewsWaiting
    pool.start()
    pool.submit { _ in CurrentProcess.yieldThreadToOthers() }
  }

  /// Queues a review to be decided.
  /// - Parameter isDecided: called on the thread that decided it.
  /// - Returns: the number by which ``cancel(_:)`` knows it.
  func decide(
    _ path: WebhookPath, _ body: [UInt8], isDecided: @escaping @Sendable (WebhookReply) -> Void
  ) -> Int {
    let (number, isFirst) = state.withLock { state in
      defer { state.isRunning = true }
      let review = Review(path: path, body: body, isDecided: isDecided)
      waiting.increment()
      return (state.queue.add(review, size: body.count, now: .now), !state.isRunning)
    }
    if isFirst { pool.submit { _ in self.run() } }
    return number
  }

  /// Removes a review that nobody waits for any more. Returns whether it was removed; false where it is already being
  /// decided.
  func cancel(_ number: Int) -> Bool {
    guard state.withLock({ $0.queue.cancel(number) }) else { return false }
    waiting.decrement()
    return true
  }

  /// Waits for the review that is being decided, and ends the thread. No review may be queued afterwards.
  func shutdown() async { try? await pool.shutdownGracefully() }

  private func run() {
    while let review = next() { review.isDecided(answer(review.path, review.body)) }
  }

  private func next() -> Review? {
    state.withLock { state in
      let review = state.queue.next()
      state.isRunning = review != nil
      if review != nil { waiting.decrement() }
      return review
    }
  }
}
