import Foundation
import Linux
import TestThreads
import Testing

/// No cost grows faster than its input: twice the input needs about twice the instructions. Times would depend on the
/// machine, so Valgrind counts instructions. Where it is not installed, the tests are skipped.
@Suite(.blocking, .enabled(if: FileManager.default.isExecutableFile(atPath: valgrind))) struct GrowthTests {
  @Test(arguments: try shapes()) func twiceTheInputIsTwiceTheWork(shape: String) throws {
    // The first has what the program needs to start, and what is done once.
    let counts = try instructions(shape, [0, 0, 250, 500])
    let (once, twice) = (counts[2] - counts[1], counts[3] - counts[1])
    #expect(once > 0)
    #expect(Double(twice) < 2.5 * Double(once), "\(once) instructions, then \(twice)")
  }
}

private let valgrind = "/usr/bin/valgrind"

/// The program whose instructions are counted is in the same folder as the tests.
private func program() -> URL {
  let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
  let folder = tests.pathExtension == "xctest" ? tests.deletingLastPathComponent() : tests
  return folder.appending(path: "growth")
}

private func shapes() throws -> [String] {
  guard FileManager.default.isExecutableFile(atPath: valgrind) else { return [] }
  return try run(program(), []).output.split(separator: "\n").map(String.init)
}

/// The program without the debug information of Swift's compiler, which Valgrind cannot read.
private let stripped: Result<URL, any Error> = Result {
  let copy = FileManager.default.temporaryDirectory.appending(path: "postern-growth-\(getpid())")
  _ = try run(URL(filePath: "/usr/bin/strip"), ["--strip-debug", "-o", copy.path, program().path])
  atexit { try? FileManager.default.removeItem(at: stripped.get()) }
  return copy
}

/// How many instructions the program needs for each size of a document.
private func instructions(_ shape: String, _ counts: [Int]) throws -> [Int] {
  let folder = FileManager.default.temporaryDirectory.appending(path: "postern-growth-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: folder) }
  let options = [
    "--tool=callgrind", "--dump-after=*measured*",
    "--callgrind-out-file=\(folder.path)/count",
  ]
  let said = try run(URL(filePath: valgrind), options + [try stripped.get().path, shape] + counts.map { String($0) })
  return try counts.indices.map { index in
    let dump = try String(contentsOf: folder.appending(path: "count.\(index + 1)"), encoding: .utf8)
    let line = dump.split(separator: "\n").last { $0.hasPrefix("totals: ") }
    return try #require(line.flatMap { Int($0.dropFirst("totals: ".count)) }, "\(said.errors)")
  }
}

private func run(_ program: URL, _ arguments: [String]) throws -> (output: String, errors: String) {
  var program = ChildProgram(program.path, arguments)
  // Otherwise Swift's hashes have a random seed.
  program.environment = ["SWIFT_DETERMINISTIC_HASHING": "1"]
  (program.output, program.errors) = (.collected, .collected)
  let answer = try program.answer()
  return (answer.text, answer.errorText)
}
