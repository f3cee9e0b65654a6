import Foundation

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

  private let process = Process()
  private let drained = DispatchSemaphore(value: 0)

  init(
    environment: [String: String], once: Bool, onLine: @escaping @Sendable (String) -> Void
  ) throws(CommandError) {
    let program = try Self.program()
    process.executableURL = program
    process.arguments = once ? ["run", "--once"] : ["run"]
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    do { try process.run() } catch { throw .refused("cannot start \(program.path): \(error)") }
    let drained = drained
    Thread.detachNewThread {
      defer { drained.signal() }
      var pending = Data()
      while true {
        let chunk = pipe.fileHandleForReading.availableData
        if chunk.isEmpty { break }
        pending.append(chunk)
        while let end = pending.firstIndex(of: 0x0A) {
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
    process.waitUntilExit()
    drained.wait()
    drained.signal()
    return process.terminationStatus
  }

  /// Ends the process by SIGTERM, as the kubelet ends a container.
  func end() {
    guard process.isRunning else { return }
    process.terminate()
    _ = waitUntilExit()
  }
}
