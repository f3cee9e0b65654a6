import KubernetesAPI
import TestSupport
import Testing

@testable import KubernetesClient

/// The rate limit and the waits between tries.
@Suite struct ThrottleTests {
  @Test func afterABurstRequestsGoOutOneAfterTheOther() async throws {
    let time = FakeTime()
    let bucket = TokenBucket(rate: 10, burst: 2, time: time.time)
    for _ in 0..<5 { try await bucket.take() }
    #expect(time.waits == [.milliseconds(100), .milliseconds(200), .milliseconds(300)])
  }

  @Test func aQuietTimeGivesNoMoreThanTheBurst() async throws {
    let time = FakeTime()
    let bucket = TokenBucket(rate: 10, burst: 2, time: time.time)
    for _ in 0..<2 { try await bucket.take() }
    time.pass(.milliseconds(100))
    try await bucket.take()
    #expect(time.waits.isEmpty)
    time.pass(.seconds(3600))
    for _ in 0..<3 { try await bucket.take() }
    #expect(time.waits == [.milliseconds(100)])
  }

  @Test func whoGivesUpGivesTheTokenBack() async throws {
    let time = FakeTime()
    let bucket = TokenBucket(rate: 10, burst: 1, time: time.time)
    try await bucket.take()
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      for _ in 0..<5 {
        group.addTask {
          await #expect(throws: CancellationError.self) { try await bucket.take() }
        }
      }
    }
    try await bucket.take()
    #expect(time.waits.last == .milliseconds(100))
  }

  @Test func aClientKeepsToItsRate() async throws {
    let script: FakeServer.Script = { _, _ in .json(200, "{}") }
    try await talking(
      script,
      settings: {
        $0.requestsPerSecond = 1
        $0.burst = 2
      }
    ) { talk in
      for _ in 0..<4 { _ = try await talk.client.get(.namespaces, "a") }
      #expect(talk.time.waits == [.seconds(1), .seconds(2)])
    }
  }

  @Test func waitsGrowUpToABoundAndStartAnew() {
    var settings = ClientSettings()
    settings.retryDelay = .seconds(1)
    settings.maximumRetryDelay = .seconds(8)
    var backoff = Backoff(settings)
    // The longest of many waits is close to its bound.
    var greatest = [Duration](repeating: .zero, count: 6)
    for _ in 0..<500 {
      backoff.reset()
      for index in greatest.indices { greatest[index] = max(greatest[index], backoff.next()) }
    }
    for (wait, bound) in zip(greatest, [1, 2, 4, 8, 8, 8]) {
      #expect(wait <= .seconds(bound))
      #expect(wait > .seconds(bound) * 0.9)
    }
  }
}
