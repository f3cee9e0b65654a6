import Dispatch
import FoundationEssentials
import Linux

/// The real sidecar as a child process.
final class SidecarProcess: Sendable {
  /// The sidecar's program, which is in the same folder as this one.
  static func program() throws(CommandError) -> URL {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let program = own.deletingLastPathComponent().appending(path: "postern-sidecar")
    guard FileManager.default.isExecutableFile(atPath: program.path) else {
      throw .refused("there is no \(program.path); build it: swift build --product postern-sidecar")
    }
    return program
  }

  private let process: ChildProcess
  private let drained = DispatchSemaphore(value: 0)

  init(
    environment: [String: String], once: Bool, onLine: @escaping @Sendable (String) -> Void
  ) throws(CommandError) {
    var program = ChildProgram(try Self.program().path, once ? ["run", "--once"] : ["run"])
    program.environment = environment
    (program.output, program.errors) = (.collected, .asOutput)
    // An interrupt at the terminal is this process's, which ends the sidecar.
    program.leadsGroup = true
    do { process = try program.start() } catch { throw .refused("cannot start the sidecar: \(error.message)") }
    let (process, drained) = (process, drained)
    DispatchQueue(label: "postern.sidecar.log").async {
      defer { drained.signal() }
      var pending: [UInt8] = []
      while let bytes = process.nextOutput() {
        pending += bytes
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
          onLine(String(decoding: pending[..<end], as: UTF8.self))
          pending.removeSubrange(...end)
        }
      }
      if !pending.isEmpty { onLine(String(decoding: pending, as: UTF8.self)) }
    }
  }

  var isRunning: Bool { process.isRunning }

  /// Waits until the process has ended and its last line was passed on. Returns the exit status.
  func waitUntilExit() -> Int32 {
    let end = process.waitForEnd()
    drained.wait()
    drained.signal()
    return end.status
  }

  /// The same, on a thread that may block.
  func exit() async -> Int32 {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "postern.sidecar.end").async { [self] in continuation.resume(returning: waitUntilExit()) }
    }
  }

  /// Ends the process by SIGTERM, as the kubelet ends a container.
  func end() {
    process.stop()
    _ = waitUntilExit()
  }
}
