import TestThreads
import Testing

@testable import ThrowawayPostgres

@Suite(.blocking) struct FreePortTests {
  /// Two servers once got the same port, each before the other listened, and were mistaken for each other.
  @Test func noTwoServersAreGivenTheSamePort() throws {
    let ports = try (0..<1000).map { _ in try FreePort.next() }
    #expect(Set(ports).count == 1000)
    #expect(ports.allSatisfy(FreePort.range.contains))
  }
}
