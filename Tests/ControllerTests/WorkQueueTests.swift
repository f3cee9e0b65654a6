import Testing

@testable import Controller

@Suite struct WorkQueueTests {
  private func queue(limit: Int = 8) -> WorkQueue<String> {
    WorkQueue(limit: limit, firstDelay: .seconds(1), maximumDelay: .seconds(8))
  }

  @Test func aKeyWaitsOnceAndIsNeverWorkedOnTwiceAtATime() {
    let queue = queue()
    _ = queue.open()
    queue.add(["a", "b", "a"])
    #expect(queue.depth == 2)
    #expect(queue.take() == ["a", "b"])
    queue.add(["a", "a"])
    #expect(queue.take().isEmpty)
    #expect(queue.finished("b", .done) == nil)
    #expect(queue.take().isEmpty)
    #expect(queue.finished("a", .done) == nil)
    #expect(queue.take() == ["a"])
    #expect(queue.finished("a", .done) == nil)
    #expect(queue.depth == 0)
  }

  @Test func noMoreThanTheLimitAreWorkedOn() {
    let queue = queue(limit: 2)
    _ = queue.open()
    queue.add(["a", "b", "c"])
    #expect(queue.take() == ["a", "b"])
    #expect(queue.take().isEmpty)
    _ = queue.finished("b", .done)
    #expect(queue.take() == ["c"])
  }

  @Test func waitsGrowUntilItWorks() throws {
    let queue = queue()
    _ = queue.open()
    for bound in [1.0, 2, 4, 8, 8] {
      queue.add(["a"])
      #expect(queue.take() == ["a"])
      let wait = try #require(queue.finished("a", .failed))
      #expect(wait.delay <= .seconds(bound) && wait.delay >= .seconds(bound / 2))
    }
    queue.add(["a"])
    #expect(queue.take() == ["a"])
    #expect(queue.finished("a", .done) == nil)
    queue.add(["a"])
    #expect(queue.take() == ["a"])
    #expect(try #require(queue.finished("a", .failed)).delay <= .seconds(1))
  }

  @Test func aRetryCountsOnlyWhereNothingCameMeanwhile() throws {
    let queue = queue()
    _ = queue.open()
    queue.add(["a"])
    _ = queue.take()
    let first = try #require(queue.finished("a", .failed))
    queue.add(["a"])
    #expect(queue.take() == ["a"])
    queue.retry("a", first.retry)
    #expect(queue.depth == 0)
    let second = try #require(queue.finished("a", .failed))
    queue.retry("a", first.retry)
    #expect(queue.depth == 0)
    queue.retry("a", second.retry)
    #expect(queue.take() == ["a"])
  }

  @Test func whatIsChangedAgainAndAgainWaitsWhateverIsAdded() throws {
    let queue = queue()
    _ = queue.open()
    for _ in 0..<WorkQueue<String>.maximumChanges {
      queue.add(["a"])
      #expect(queue.take() == ["a"])
      #expect(queue.finished("a", .changed) == nil)
    }
    queue.add(["a"])
    _ = queue.take()
    let wait = try #require(queue.finished("a", .changed))
    queue.add(["a"])
    #expect(queue.take().isEmpty)
    queue.retry("a", wait.retry)
    #expect(queue.take() == ["a"])
  }

  /// Customers come and go; a queue that runs for months must not remember them all.
  @Test func changesThatAreLongPastAreForgotten() {
    let queue = queue(limit: 1000)
    _ = queue.open()
    let start = ContinuousClock.now
    for second in 0..<600 {
      queue.add(["\(second)", "again"])
      for key in queue.take() { #expect(queue.finished(key, .changed, at: start + .seconds(second * 5)) == nil) }
      #expect(queue.countedKeys <= 30)
    }
  }

  @Test func aClosedQueueTakesNothingAndOpensEmpty() async {
    let queue = queue()
    queue.add(["a"])
    #expect(queue.depth == 0)
    _ = queue.open()
    queue.add(["a"])
    queue.close()
    let signals = queue.open()
    #expect(queue.take().isEmpty)
    queue.add(["b"])
    for await _ in signals { break }
    #expect(queue.take() == ["b"])
  }
}
