import Testing

@testable import WebhookServer

/// The order in which large reviews are decided.
@Suite struct ReviewQueueTests {
  private static let start = ContinuousClock.now

  @Test func theSmallestIsFirstAndOfSeveralTheOldest() {
    var queue = ReviewQueue<String>()
    for (name, kibibytes) in [("a", 7), ("b", 2), ("c", 2), ("d", 9), ("e", 1)] {
      _ = queue.add(name, size: kibibytes << 10, now: Self.start)
    }
    #expect((0..<6).map { _ in queue.next() } == ["e", "b", "c", "a", "d", nil])
  }

  @Test func aStreamOfSmallerOnesDoesNotHoldUpALargeOneForEver() {
    var queue = ReviewQueue<String>()
    _ = queue.add("large", size: 7 << 20, now: Self.start)
    var decided: [String] = []
    for second in 0..<10 {
      for part in 0..<2 {
        _ = queue.add("small", size: 40 << 10, now: Self.start + .milliseconds(1000 * second + 500 * part))
        if let next = queue.next() { decided.append(next) }
      }
    }
    // The fifteen that were due before it went first.
    #expect(decided.firstIndex(of: "large") == 15)
  }

  @Test func whatIsCancelledIsNotDecided() {
    var queue = ReviewQueue<String>()
    let (first, second) = (queue.add("a", size: 1, now: Self.start), queue.add("b", size: 2, now: Self.start))
    let cancelled = [queue.cancel(second), queue.cancel(second)]
    #expect(cancelled == [true, false])
    let next = queue.next()
    #expect(next == "a")
    let isCancelled = queue.cancel(first)
    #expect(!isCancelled)
    #expect((0..<1).map { _ in queue.next() } == [nil])
  }
}
