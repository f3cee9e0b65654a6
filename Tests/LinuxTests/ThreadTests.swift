import Foundation
import Linux
import TestThreads
import Testing

@Suite(.blocking) struct ThreadTests {
  /// A thread's nice value (proc(5), `/proc/pid/stat`, field 19).
  private static func nice(_ thread: String) -> Int? {
    let text = try? String(contentsOfFile: "/proc/\(thread)/stat", encoding: .utf8)
    let fields = text?.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 16 ? Int(fields[16]) : nil
  }

  @Test func onlyTheThreadThatYieldsIsNicer() async {
    let others = Self.nice("self")
    let (after, othersAfter) = await withCheckedContinuation { continuation in
      Thread {
        CurrentProcess.yieldThreadToOthers()
        continuation.resume(returning: (Self.nice("thread-self"), Self.nice("self")))
      }.start()
    }
    #expect(after == 10)
    #expect(othersAfter == others)
  }

  /// The cores that the calling thread may run on (proc(5), `/proc/pid/status`), such as 0-1,4.
  private static func allowedCores() -> [Int] {
    let text = try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
    let list = text?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t").last
    return (list ?? "").split(separator: ",").flatMap { part in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      return ends.isEmpty ? [] : Array(ends[0]...ends[ends.count - 1])
    }
  }

  @Test func theCoresAreThoseThatTheThreadMayRunOn() async throws {
    #expect(CurrentProcess.usableCores == Self.allowedCores().count)
    let first = try #require(Self.allowedCores().first)
    let cores = await withCheckedContinuation { continuation in
      Thread {
        let thread = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? ""
        let number = String(thread.split(separator: "/").last ?? "")
        var taskset = ChildProgram("taskset", ["--pid", "--cpu-list", "\(first)", number])
        taskset.output = .nothing
        _ = try? taskset.answer()
        continuation.resume(returning: [CurrentProcess.usableCores, Self.allowedCores().count])
      }.start()
    }
    #expect(cores == [1, 1])
  }
}
