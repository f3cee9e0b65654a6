import FoundationEssentials

/// A folder that only this user can enter, for the Unix socket of a forwarded port. libpq takes the folder as its `host`.
struct SocketFolder {
  /// The number in the socket's name, by which libpq finds it in the folder.
  static let port = 5432
  /// Longer paths of sockets do not fit into a `sockaddr_un` (unix(7)).
  private static let maximumPathBytes = 107

  let path: String
  var socket: String { "\(path)/.s.PGSQL.\(Self.port)" }

  /// Makes one, in the first folder for temporary files in which one can be made.
  init() throws(ConfigurationError) {
    let environment = ProcessInfo.processInfo.environment
    let parents = [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"].compactMap(\.self)
    for parent in parents where parent.hasPrefix("/") {
      let folder = Self(path: "\(parent)/postern-\(UUID().uuidString.prefix(13))")
      guard folder.socket.utf8.count <= Self.maximumPathBytes else { continue }
      do {
        try FileManager.default.createDirectory(
          atPath: folder.path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        self = folder
        return
      } catch { continue }
    }
    throw ConfigurationError(
      place: parents.joined(separator: ", "), reason: "no folder for a socket can be made there",
      hint: "name a short path to a folder that you may write to in TMPDIR")
  }

  private init(path: String) { self.path = path }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
