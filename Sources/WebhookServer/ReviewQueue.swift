/// Large reviews that wait to be decided one at a time. The smallest is first, so that reviews of a usual size do not
/// wait behind the largest that a client can send. A value.
struct ReviewQueue<Review> {
  private struct Waiting {
    let number: Int
    let size: Int
    let review: Review
  }

  private var waiting: [Waiting] = []
  private var lastNumber = 0

  /// Adds a review and returns the number by which it can be cancelled.
  mutating func add(_ review: Review, size: Int) -> Int {
    lastNumber += 1
    waiting.append(Waiting(number: lastNumber, size: size, review: review))
    return lastNumber
  }

  /// Removes and returns the smallest; of several, the one that has waited longest.
  mutating func next() -> Review? {
    guard let index = waiting.indices.min(by: { waiting[$0].size < waiting[$1].size }) else { return nil }
    return waiting.remove(at: index).review
  }

  /// Removes a review by its number. Returns false where it was already taken.
  mutating func cancel(_ number: Int) -> Bool {
    guard let index = waiting.firstIndex(where: { $0.number == number }) else { return false }
    waiting.remove(at: index)
    return true
  }
}
