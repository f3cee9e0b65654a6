/// Large reviews that wait to be decided one at a time. A review is due a millisecond after its arrival for each KiB that
/// it has, and the one that is due first is first. So a review of a usual size does not wait behind the largest that a
/// client can send, and a stream of smaller ones does not hold up a large one for ever. A value.
struct ReviewQueue<Review> {
  private struct Waiting {
    let number: Int
    let due: ContinuousClock.Instant
    let review: Review
  }

  private var waiting: [Waiting] = []
  private var lastNumber = 0

  /// Adds a review and returns the number by which it can be cancelled.
  /// - Parameters:
  ///   - size: of its body, in bytes.
  ///   - now: when it arrived.
  mutating func add(_ review: Review, size: Int, now: ContinuousClock.Instant) -> Int {
    lastNumber += 1
    waiting.append(Waiting(number: lastNumber, due: now + .milliseconds(size >> 10), review: review))
    return lastNumber
  }

  /// Removes and returns the one that is due first; of several, the one that has waited longest.
  mutating func next() -> Review? {
    guard let index = waiting.indices.min(by: { waiting[$0].due < waiting[$1].due }) else { return nil }
    return waiting.remove(at: index).review
  }

  /// Removes a review by its number. Returns false where it was already taken.
  mutating func cancel(_ number: Int) -> Bool {
    guard let index = waiting.firstIndex(where: { $0.number == number }) else { return false }
    waiting.remove(at: index)
    return true
  }
}
