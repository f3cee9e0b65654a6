import Foundation
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
    let process = Process()
    process.executableURL = program ?? products.appending(path: "postern")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      try process.run()
      try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try pipe.fileHandleForWriting.close()
    } else {
      process.standardInput = FileHandle.nullDevice
      try process.run()
    }
    let collected = Mutex(Data())
    let thread = DispatchGroup()
    DispatchQueue.global().async(group: thread) {
      let data = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
      collected.withLock { $0 = data }
    }
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    thread.wait()
    process.waitUntilExit()
    return Answer(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: collected.withLock { String(decoding: $0, as: UTF8.self) })
  }
}

/// The command, which keeps running while a test looks at its output.
final class RunningProgram: Sendable {
  private let process = Process()
  private let text = Mutex("")
  private let ended = DispatchSemaphore(value: 0)

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = Program.products.appending(path: "postern")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    Thread.detachNewThread { [self] in
      while true {
        let chunk = pipe.fileHandleForReading.availableData
        if chunk.isEmpty { break }
        text.withLock { $0 += String(decoding: chunk, as: UTF8.self) }
      }
      ended.signal()
    }
  }

  var processIdentifier: Int32 { process.processIdentifier }

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
    guard process.isRunning else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Stops it until ``resume()``; bytes that are sent to it wait. It returns when every thread has stopped, which takes
  /// a moment after the signal.
  func pause() throws {
    let id = process.processIdentifier
    Foundation.kill(id, SIGSTOP)
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
  func resume() { Foundation.kill(process.processIdentifier, SIGCONT) }

  /// Asks it to end and waits until it has ended.
  func terminate() -> Int32 {
    askToEnd()
    return waitForEnd()
  }

  /// Asks it to end, once.
  func askToEnd() { process.terminate() }

  /// Waits until it has ended, and returns its exit status; -1 if it did not end within a minute and was killed.
  func waitForEnd() -> Int32 {
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning {
      guard Date() < deadline else {
        kill()
        return -1
      }
      Thread.sleep(forTimeInterval: 0.005)
    }
    // A process that it started may still hold its output open.
    if ended.wait(timeout: .now() + 60) == .success { ended.signal() }
    return process.terminationStatus
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}
