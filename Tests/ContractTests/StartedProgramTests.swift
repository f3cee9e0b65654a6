import Foundation
import Testing

/// Programs are started by `ChildProgram` alone: Foundation's `Process` of Swift 6.3 reads past a buffer
/// (swift-corelibs-foundation, pull request 5472), and crashes there once in a while.
struct StartedProgramTests {
  @Test(arguments: ["Sources", "Tests"]) func noProgramIsStartedByFoundation(folder: String) throws {
    let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
    let files = try #require(
      FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil))
    var read = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      read += 1
      for (index, line) in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").enumerated()
      where line.contains(/\bProcess(\(\)|\.run\(|\.launchedProcess)/) {
        Issue.record("\(file.lastPathComponent):\(index + 1) starts a program by Foundation; use ChildProgram")
      }
    }
    #expect(read > 100)
  }
}
