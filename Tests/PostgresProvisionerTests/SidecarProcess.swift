import Foundation
import PostgresProvisioner
import ThrowawayPostgres

/// The real sidecar as a process of its own.
final class SidecarProcess {
  let statusFile: String
  private let process = Process()
  private let logFile: URL
  /// Kept for as long as the sidecar reads it.
  private let volume: SidecarVolume

  /// Starts `postern-sidecar run` on a volume and a port.
  init(_ volume: SidecarVolume, port: Int, flags: [String] = [], statusFile: String? = nil) throws {
    self.volume = volume
    logFile = FileManager.default.temporaryDirectory.appending(path: "sidecar-\(UUID().uuidString).log")
    self.statusFile = statusFile ?? "\(volume.path)-\(UUID().uuidString)/status.json"
    try Data().write(to: logFile)
    process.executableURL = Self.program
    process.arguments =
      ["run", "--port", String(port), "--volume", volume.path, "--status-file", self.statusFile] + flags
    process.environment = ["PATH": "/usr/bin"]
    process.standardError = try FileHandle(forWritingTo: logFile)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: logFile)
    try? FileManager.default.removeItem(atPath: (statusFile as NSString).deletingLastPathComponent)
  }

  /// The program in the tests' folder, where SwiftPM builds it.
  static let builtWithTests = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "postern-sidecar")

  /// The program that ships (`make sidecar`), if the tests must use it.
  static let shipped = ProcessInfo.processInfo.environment["POSTERN_TEST_PROGRAMS"].map {
    URL(filePath: $0).appending(path: "postern-sidecar")
  }

  private static var program: URL { shipped ?? builtWithTests }

  /// The exit code and the output.
  struct Answer: Equatable {
    var code: Int32
    var output: String
    var errors: String
  }

  /// Runs it to its end.
  static func answer(_ arguments: [String], program: URL = program) throws -> Answer {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = program
    process.arguments = arguments
    process.environment = [:]
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Neither output is larger than a pipe's buffer.
    let written = try [output, errors].map {
      String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
    process.waitUntilExit()
    return Answer(code: process.terminationStatus, output: written[0], errors: written[1])
  }

  var log: String { String(decoding: (try? Data(contentsOf: logFile)) ?? Data(), as: UTF8.self) }

  /// The warnings and errors in its log.
  var complaints: [Substring] {
    log.split(separator: "\n").filter { ["warn", "error"].contains($0.dropFirst(25).prefix { $0 != " " }) }
  }

  var status: Status? {
    (try? Data(contentsOf: URL(filePath: statusFile))).flatMap { Status(decoding: Array($0)) }
  }

  /// Runs `postern-sidecar ready`.
  func ready() throws -> (code: Int32, output: String) {
    let answer = try Self.answer(["ready", "--status-file", statusFile])
    return (answer.code, answer.output)
  }

  /// Waits until something is so, for at most a minute; whether it came to be.
  func wait(until condition: () throws -> Bool) rethrows -> Bool {
    try eventually(condition)
  }

  func waitForStatus(_ condition: (Status) -> Bool) -> Bool {
    wait { status.map(condition) ?? false }
  }

  /// The process id.
  var identifier: Int32 { process.processIdentifier }

  /// Asks it to end and waits until it has ended. Returns its exit code.
  func terminate() -> Int32 {
    process.terminate()
    return exitCode()
  }

  /// Waits until it has ended and returns its exit code; -1 if it was killed or does not end.
  func exitCode() -> Int32 {
    guard wait(until: { !process.isRunning }) else { return -1 }
    return process.terminationReason == .exit ? process.terminationStatus : -1
  }
}
