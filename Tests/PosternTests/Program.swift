import Foundation
import Linux
import Synchronization

/// The built command, run as a user runs it.
struct Program {
  /// Its output and its exit status.
  struct Answer: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// The folder of both programs: the one that the tests are built in, or one that the environment names.
  static let products =
    ProcessInfo.processInfo.environment["POSTERN_TEST_PROGRAMS"].map { URL(filePath: $0) }
    ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  /// The manifests that these tests read.
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  /// The folder of the package.
  static let package = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  static func fixture(_ name: String) -> String { fixtures.appending(path: name).path }

  /// Runs it to its end.
  /// - Parameter program: another one, in whose environment these variables are.
  static func run(
    _ arguments: [String], input: String? = nil, program: URL? = nil, environment: [String: String] = [:]
  ) throws -> Answer {
    var program = ChildProgram((program ?? products.appending(path: "postern")).path, arguments)
    program.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    program.input = input.map { .bytes(Array($0.utf8)) } ?? .nothing
    (program.output, program.errors) = (.collected, .collected)
    let answer = try program.answer()
    return Answer(status: answer.status, output: answer.text, errors: answer.errorText)
  }
}

/// The command, which keeps running while a test looks at its output.
final class RunningProgram: Sendable {
  private let process: ChildProcess
  private let text = Mutex("")
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter launcher: what it is run by, such as nohup: a path and the words before the command's own.
  init(_ arguments: [String], environment: [String: String] = [:], by launcher: [String] = []) throws {
    let words = launcher + [Program.products.appending(path: "postern").path] + arguments
    var program = ChildProgram(words[0], Array(words.dropFirst()))
    program.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    (program.output, program.errors) = (.collected, .asOutput)
    program.leadsGroup = true
    process = try program.start()
    Thread.detachNewThread { [self] in
      while let bytes = process.nextOutput() { text.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
      ended.signal()
    }
  }

  var processIdentifier: Int32 { process.identifier }

  /// Everything that it has written to both streams.
  var output: String { text.withLock { $0 } }

  /// Waits until its output satisfies a condition.
  func waitFor(_ what: String, in seconds: Double = 60, where fits: (String) -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while !fits(output) {
      guard Date() < deadline else { throw Failure(description: "no \(what) in:\n\(output)") }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  /// Kills it at once.
  func kill() {
    process.kill()
    _ = process.waitForEnd()
  }

  /// Stops it until ``resume()``; bytes that are sent to it wait. It returns when every thread has stopped, which takes
  /// a moment after the signal.
  func pause() throws {
    let id = process.identifier
    process.signal(SIGSTOP)
    // proc(5): the state is the first field after the name, which is in parentheses.
    func isStopped(_ thread: String) throws -> Bool {
      let text = try String(contentsOfFile: "/proc/\(id)/task/\(thread)/stat", encoding: .utf8)
      return text.split(separator: ") ").last?.hasPrefix("T") == true
    }
    let deadline = Date(timeIntervalSinceNow: 60)
    while try !FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task").allSatisfy(isStopped) {
      guard Date() < deadline else { throw Failure(description: "it does not stop") }
      Thread.sleep(forTimeInterval: 0.001)
    }
  }

  /// Lets it continue.
  func resume() { process.signal(SIGCONT) }

  /// Asks it to end and waits until it has ended.
  func terminate() -> Int32 {
    askToEnd()
    return waitForEnd()
  }

  /// Asks it to end, once.
  func askToEnd() { process.terminate() }

  /// Waits until it has ended, and returns its exit status; -1 if it did not end within a minute and was killed.
  func waitForEnd() -> Int32 {
    guard let end = process.waitForEnd(within: 60_000) else {
      kill()
      return -1
    }
    ended.wait()
    ended.signal()
    return end.status
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}
