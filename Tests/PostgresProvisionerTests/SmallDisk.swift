import Foundation
import Linux
import ThrowawayPostgres

/// A disk of a few megabytes that a test can fill: a tmpfs of its own. Only root may mount one.
final class SmallDisk {
  static let isPossible = geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/bin/mount")

  private let folder: URL
  private var ballast: URL { folder.appending(path: "ballast") }

  init(megabytes: Int) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "disk-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=755", "none", folder.path])
  }

  deinit {
    try? Self.run("/bin/umount", ["--lazy", folder.path])
    try? FileManager.default.removeItem(at: folder)
  }

  /// Moves a folder of a server's data here. The server is restarted.
  func take(_ name: String, of server: PostgresServer) throws {
    server.halt()
    let place = server.folder.appending(path: "data/\(name)")
    try Self.run("/bin/cp", ["-a", place.path, folder.path])
    try FileManager.default.removeItem(at: place)
    try FileManager.default.createSymbolicLink(at: place, withDestinationURL: folder.appending(path: name))
    try server.start()
  }

  /// Fills the disk except for this many megabytes.
  func fill(leaving megabytes: Int) throws {
    let free = try FileManager.default.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? NSNumber
    guard let free else { throw POSIXError(.EIO) }
    try Data(count: max(0, free.intValue - megabytes << 20)).write(to: ballast)
  }

  func makeRoom() throws { try FileManager.default.removeItem(at: ballast) }

  private static func run(_ program: String, _ arguments: [String]) throws {
    guard try ChildProgram(program, arguments).answer().status == 0 else { throw POSIXError(.EIO) }
  }
}
