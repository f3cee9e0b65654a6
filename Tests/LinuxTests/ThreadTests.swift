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
}
