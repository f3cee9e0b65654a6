import Foundation
import PostgresProvisioner
import ThrowawayPostgres

/// The real sidecar, as a process of its own.
final class SidecarProcess {
  let statusFile: String
  private let process = Process()
  private let logFile: URL

  /// Starts `postern-sidecar run` on a volume and a port.
  init(_ volume: SidecarVolume, port: Int, flags: [String] = []) throws {
    logFile = FileManager.default.temporaryDirectory.appending(path: "sidecar-\(UUID().uuidString).log")
    statusFile = "\(volume.path)-status/status.json"
    try Data().write(to: logFile)
    process.executableURL = Self.program
    process.arguments =
      ["run", "--port", String(port), "--volume", volume.path, "--status-file", statusFile] + flags
    process.environment = ["PATH": "/usr/bin"]
    process.standardError = try FileHandle(forWritingTo: logFile)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: logFile)
    try? FileManager.default.removeItem(atPath: (statusFile as NSString).deletingLastPathComponent)
  }

  /// Beside the tests, where the package manager has put it.
  private static var program: URL {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "postern-sidecar")
  }

  var log: String { String(decoding: (try? Data(contentsOf: logFile)) ?? Data(), as: UTF8.self) }

  var status: Status? {
    (try? Data(contentsOf: URL(filePath: statusFile))).flatMap { Status(decoding: Array($0)) }
  }

  /// What `postern-sidecar ready` answers.
  func ready() throws -> (code: Int32, output: String) {
    let probe = Process()
    let pipe = Pipe()
    probe.executableURL = Self.program
    probe.arguments = ["ready", "--status-file", statusFile]
    probe.standardOutput = pipe
    try probe.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    probe.waitUntilExit()
    return (probe.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// Waits until something is so, for at most half a minute; whether it came to be.
  func wait(until condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Date(timeIntervalSinceNow: 30)
    while try !condition() {
      guard Date() < deadline else { return false }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return true
  }

  func waitForStatus(_ condition: (Status) -> Bool) -> Bool {
    wait { status.map(condition) ?? false }
  }

  /// Asks it to end, and waits until it has: its exit code.
  func terminate() -> Int32 {
    process.terminate()
    return exitCode()
  }

  /// Waits until it has ended: its exit code; -1 where it was killed, or does not end.
  func exitCode() -> Int32 {
    guard wait(until: { !process.isRunning }) else { return -1 }
    return process.terminationReason == .exit ? process.terminationStatus : -1
  }
}
