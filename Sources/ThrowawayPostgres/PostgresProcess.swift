import FoundationEssentials
import Glibc
import Linux

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

  /// A program that runs as that user, in a process group of its own: what the terminal sends is this process's alone.
  static func program(_ path: String, _ arguments: [String]) -> ChildProgram {
    var program = ChildProgram(path, arguments)
    if let user {
      let identity = ["--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--", path]
      program = ChildProgram("/usr/bin/setpriv", identity + arguments)
    }
    program.folder = "/"
    program.leadsGroup = true
    program.errors = .asOutput
    return program
  }

  /// Makes that user the owner of a folder.
  static func own(_ folder: URL) throws {
    guard let user else { return }
    try FileManager.default.setAttributes(
      [.ownerAccountID: user.id, .groupOwnerAccountID: user.group, .posixPermissions: 0o700],
      ofItemAtPath: folder.path)
  }
}
