import Foundation

/// A program's exit status and output.
struct ProgramAnswer {
  let status: Int32
  let output: String
}

/// Runs a program to its end and collects its output from both streams.
func run(_ program: String, _ arguments: [String]) throws -> ProgramAnswer {
  let process = Process()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  process.currentDirectoryURL = URL(filePath: "/")
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  return ProgramAnswer(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
}

/// Postgres refuses to run as root. Then it runs as `postgres`, or as `nobody`, which every Linux has.
enum Unprivileged {
  /// The user to run as, if this process is root.
  static let user: (name: String, id: UInt32, group: UInt32)? = {
    guard getuid() == 0 else { return nil }
    for name in ["postgres", "nobody"] {
      if let entry = unsafe getpwnam(name) { return unsafe (name, entry.pointee.pw_uid, entry.pointee.pw_gid) }
    }
    return nil
  }()

  /// A command line that runs the program as that user.
  static func commandLine(_ program: String, _ arguments: [String]) -> (program: String, arguments: [String]) {
    guard let user else { return (program, arguments) }
    let identity = ["--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--", program]
    return ("/usr/bin/setpriv", identity + arguments)
  }

  /// Makes that user the owner of a folder.
  static func own(_ folder: URL) throws {
    guard let user else { return }
    try FileManager.default.setAttributes(
      [.ownerAccountID: user.id, .groupOwnerAccountID: user.group, .posixPermissions: 0o700],
      ofItemAtPath: folder.path)
  }
}
