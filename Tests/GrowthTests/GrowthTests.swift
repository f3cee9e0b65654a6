import Foundation
import Linux
import TestThreads
import Testing

/// No cost grows faster than its input: twice the input needs about twice the instructions. Times would depend on the
/// machine, so Valgrind counts instructions. Where it is not installed, the tests are skipped.
@Suite(.blocking, .enabled(if: FileManager.default.isExecutableFile(atPath: valgrind))) struct GrowthTests {
  @Test(arguments: try shapes()) func twiceTheInputIsTwiceTheWork(shape: String) throws {
    let start = try instructions(shape, 0)
    let once = try instructions(shape, 250) - start
    let twice = try instructions(shape, 500) - start
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

/// How many instructions the program needs.
private func instructions(_ shape: String, _ count: Int) throws -> Int {
  let options = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
  let said = try run(URL(filePath: valgrind), options + [try stripped.get().path, shape, String(count)]).errors
  let line = said.split(separator: "\n").last { $0.contains("I ") && $0.contains("refs:") }
  let number = line?.split(separator: ":").last?.filter(\.isNumber) ?? ""
  return try #require(Int(number), "\(said)")
}

private func run(_ program: URL, _ arguments: [String]) throws -> (output: String, errors: String) {
  var program = ChildProgram(program.path, arguments)
  // Otherwise Swift's hashes have a random seed.
  program.environment = ["SWIFT_DETERMINISTIC_HASHING": "1"]
  (program.output, program.errors) = (.collected, .collected)
  let answer = try program.answer()
  return (answer.text, answer.errorText)
}
