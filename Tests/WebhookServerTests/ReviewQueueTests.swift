import Testing

@testable import WebhookServer

/// The order in which large reviews are decided.
@Suite struct ReviewQueueTests {
  @Test func theSmallestIsFirstAndOfSeveralTheOldest() {
    var queue = ReviewQueue<String>()
    for (name, size) in [("a", 7), ("b", 2), ("c", 2), ("d", 9), ("e", 1)] { _ = queue.add(name, size: size) }
    #expect((0..<6).map { _ in queue.next() } == ["e", "b", "c", "a", "d", nil])
  }

  @Test func whatIsCancelledIsNotDecided() {
    var queue = ReviewQueue<String>()
    let (first, second) = (queue.add("a", size: 1), queue.add("b", size: 2))
    let cancelled = [queue.cancel(second), queue.cancel(second)]
    #expect(cancelled == [true, false])
    let next = queue.next()
    #expect(next == "a")
    let isCancelled = queue.cancel(first)
    #expect(!isCancelled)
    #expect((0..<1).map { _ in queue.next() } == [nil])
  }
}
