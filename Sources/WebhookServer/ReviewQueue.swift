/// Large reviews that wait to be decided, one at a time: the smallest first, so that those of a usual size do not wait
/// behind the largest that can be sent. A value.
struct ReviewQueue<Review> {
  private struct Waiting {
    let number: Int
    let size: Int
    let review: Review
  }

  private var waiting: [Waiting] = []
  private var lastNumber = 0

  /// Adds a review, and gives the number to cancel it by.
  mutating func add(_ review: Review, size: Int) -> Int {
    lastNumber += 1
    waiting.append(Waiting(number: lastNumber, size: size, review: review))
    return lastNumber
  }

  /// Takes the smallest out; of several, the one that has waited longest.
  mutating func next() -> Review? {
    guard let index = waiting.indices.min(by: { waiting[$0].size < waiting[$1].size }) else { return nil }
    return waiting.remove(at: index).review
  }

  /// Takes one out by its number, unless it was taken already.
  mutating func cancel(_ number: Int) -> Bool {
    guard let index = waiting.firstIndex(where: { $0.number == number }) else { return false }
    waiting.remove(at: index)
    return true
  }
}
