import Testing

@testable import Controller

@Suite struct WorkQueueTests {
  private func queue(limit: Int = 8) -> WorkQueue<String> {
    WorkQueue(limit: limit, firstDelay: .seconds(1), maximumDelay: .seconds(8)) { String($0.prefix { $0 != "/" }) }
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

  @Test func namespacesHaveTurns() {
    let queue = queue(limit: 3)
    _ = queue.open()
    queue.add((0..<1000).map { "big/\($0)" })
    queue.add(["small/a", "small/b", "other/a"])
    #expect(queue.take() == ["big/0", "small/a", "other/a"])
    for key in ["big/0", "small/a", "other/a"] { _ = queue.finished(key, .done) }
    #expect(queue.take() == ["big/1", "small/b", "big/2"])
    queue.add(["other/b"])
    for key in ["big/1", "small/b", "big/2"] { _ = queue.finished(key, .done) }
    #expect(queue.take().contains("other/b"))
  }

  @Test func whatTookLongWaitsBehindWhatDidNotAndNeverTakesAllPlaces() {
    let queue = queue(limit: 4)
    _ = queue.open()
    let dear = (0..<8).map { "dear\($0)/a" }
    queue.add(dear)
    // At first the queue does not know which customers are costly.
    for _ in 0..<2 { for key in queue.take() { _ = queue.finished(key, .done, took: .seconds(9)) } }
    queue.add(dear + ["cheap/a", "cheap/b"])
    let taken = queue.take()
    #expect(taken.count == 4)
    #expect(Set(taken).isSuperset(of: ["cheap/a", "cheap/b"]))
    for key in ["cheap/a", "cheap/b"] { _ = queue.finished(key, .done) }
    // One of four places stays free, whatever waits.
    #expect(queue.take().count == 1)
    #expect(queue.take().isEmpty)
    queue.add(["late/a"])
    #expect(queue.take() == ["late/a"])
    // But one costly customer always gets a place, however many others come.
    queue.add((0..<100).map { "cheap/\($0)" })
    for key in dear { _ = queue.finished(key, .done, took: .seconds(9)) }
    queue.add(dear)
    _ = queue.finished("late/a", .done)
    #expect(queue.take().count { $0.hasPrefix("dear") } == 1)
  }

  /// Of new customers nobody knows whether their passes hang.
  @Test func noNamespaceTakesAllPlacesHoweverNewItsKeysAre() {
    let queue = queue(limit: 8)
    _ = queue.open()
    queue.add((0..<100).map { "hangs/\($0)" })
    #expect(queue.take().count == 6)
    #expect(queue.take().isEmpty)
    queue.add(["a/1", "a/2", "b/1"])
    #expect(Set(queue.take()) == ["a/1", "b/1"])
    _ = queue.finished("a/1", .done)
    #expect(queue.take() == ["a/2"])
    // It has kept its turn.
    _ = queue.finished("hangs/0", .done, took: .seconds(9))
    #expect(queue.take() == ["hangs/6"])
    #expect(queue.depth == 93)
    // Those that are known to be dear leave room as well, where cheap ones wait behind them.
    for number in 1...6 { _ = queue.finished("hangs/\(number)", .done, took: .seconds(9)) }
    queue.add((0..<7).map { "hangs/\($0)" })
    queue.add((0..<9).map { "c/\($0)" })
    #expect(queue.take().count { $0.hasPrefix("c/") } >= 2)
  }

  @Test func aQueueThatDoesNotMoveSaysForHowLong() {
    let queue = queue()
    let start = ContinuousClock.now
    #expect(queue.standstill(at: start + .seconds(900)) == nil)
    _ = queue.open()
    #expect(queue.standstill(at: start + .seconds(900)) == nil)
    queue.add(["a"])
    #expect(queue.standstill(at: start + .seconds(900)) ?? .zero > .seconds(800))
    _ = queue.take()
    #expect(queue.standstill(at: start + .seconds(900)) ?? .zero > .seconds(800))
    _ = queue.finished("a", .done)
    #expect(queue.standstill(at: start + .seconds(900)) == nil)
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

  /// Also where something else of it is refused each time.
  @Test(arguments: [WorkQueue<String>.Result.done, .failed])
  func whatIsChangedAgainAndAgainWaitsWhateverIsAdded(result: WorkQueue<String>.Result) throws {
    let queue = queue()
    _ = queue.open()
    for _ in 0..<WorkQueue<String>.maximumChanges {
      queue.add(["a"])
      #expect(queue.take() == ["a"])
      #expect((queue.finished("a", result, hasWritten: true) == nil) == (result == .done))
    }
    queue.add(["a"])
    _ = queue.take()
    let wait = try #require(queue.finished("a", result, hasWritten: true))
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
      for key in queue.take() {
        #expect(queue.finished(key, .done, hasWritten: true, at: start + .seconds(second * 5)) == nil)
      }
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
