import Foundation
import Linux
import TestThreads
import Testing

@Suite(.blocking) struct SystemTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
    (1_795_255_200_007, "2026-11-21T10:00:00.007Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func aMomentIsWrittenAsRFC3339HasIt(milliseconds: Int64, text: String) {
    #expect(SystemClock.timestamp(milliseconds) == text)
  }

  @Test func everyDayOfFourCenturiesIsWrittenAsFoundationWritesIt() {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    for day in stride(from: Int64(0), to: 146_097, by: 1) {
      let milliseconds = day * 86_400_000 + 43_200_000
      let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
      #expect(SystemClock.timestamp(milliseconds) == date.formatted(style))
    }
  }

  @Test func theClocksGoOnAndTheWallClockIsTheSystems() {
    let before = SystemClock.monotonicMilliseconds
    #expect(SystemClock.monotonicMilliseconds >= before)
    #expect(abs(Double(SystemClock.wallMilliseconds) / 1000 - Date().timeIntervalSince1970) < 60)
  }

  @Test func argumentsEnvironmentAndNumberAreTheProcesssOwn() throws {
    #expect(try CurrentProcess.arguments() == CommandLine.arguments)
    #expect(CurrentProcess.environment("PATH") == ProcessInfo.processInfo.environment["PATH"])
    #expect(CurrentProcess.environment("NO_SUCH_VARIABLE_HERE") == nil)
    #expect(CurrentProcess.identifier == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(!CurrentProcess.stopRequested)
  }

  @Test func freedMemoryGoesBackToTheSystemBetweenWhatIsStillUsed() throws {
    func residentPages() throws -> Int {
      let fields = String(decoding: try File.read("/proc/self/statm"), as: UTF8.self).split(separator: " ")
      return try #require(Int(fields[1]))
    }
    var blocks = (0..<32_768).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 1000) }
    for index in blocks.indices where index % 64 != 0 { blocks[index] = [] }
    let before = try residentPages()
    CurrentProcess.releaseMemory()
    // Half of the memory, in pages of 4 KiB, because other tests use memory at the same time.
    #expect(try residentPages() < before - 4096)
    #expect(blocks.count == 32_768)
  }
}
