import Foundation
import Linux
import PostgresProvisioner
import ThrowawayPostgres

/// The real sidecar as a process of its own.
final class SidecarProcess {
  let statusFile: String
  private let process: ChildProcess
  private let logFile: URL
  /// Kept for as long as the sidecar reads it.
  let volume: SidecarVolume

  /// Starts `postern-sidecar run` on a volume and a port.
  init(_ volume: SidecarVolume, port: Int, flags: [String] = [], statusFile: String? = nil) throws {
    self.volume = volume
    logFile = FileManager.default.temporaryDirectory.appending(path: "sidecar-\(UUID().uuidString).log")
    self.statusFile = statusFile ?? "\(volume.path)-\(UUID().uuidString)/status.json"
    let arguments = ["run", "--port", String(port), "--volume", volume.path, "--status-file", self.statusFile] + flags
    var program = ChildProgram(Self.program.path, arguments)
    program.environment = ["PATH": "/usr/bin"]
    program.errors = .file(logFile.path)
    process = try program.start()
  }

  deinit {
    process.kill()
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

  static var program: URL { shipped ?? builtWithTests }

  /// The exit code and the output.
  struct Answer: Equatable {
    var code: Int32
    var output: String
    var errors: String
  }

  /// Runs it to its end.
  static func answer(_ arguments: [String], program: URL = program) throws -> Answer {
    var program = ChildProgram(program.path, arguments)
    program.environment = [:]
    (program.output, program.errors) = (.collected, .collected)
    let answer = try program.answer()
    return Answer(code: answer.status, output: answer.text, errors: answer.errorText)
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
  var identifier: Int32 { process.identifier }

  /// Asks it to end and waits until it has ended. Returns its exit code.
  func terminate() -> Int32 {
    process.terminate()
    return exitCode()
  }

  /// Waits until it has ended and returns its exit code; -1 if it was killed or does not end.
  func exitCode() -> Int32 {
    guard case .exited(let status)? = process.waitForEnd(within: 60_000) else { return -1 }
    return status
  }
}
