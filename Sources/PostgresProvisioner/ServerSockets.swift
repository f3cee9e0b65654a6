import Linux

/// The Unix sockets by which servers listen in this network namespace, as /proc/net/unix lists them (proc(5)). A Pod's
/// containers share it, and a Postgres nearly always has such a socket: it tells, without a login, whether that is still
/// the same process, and where it listens if not where it should.
struct ServerSockets: Equatable {
  /// One socket.
  struct Entry: Equatable {
    var path: String
    var port: Int
    /// The kernel's number of the socket, which no later socket has.
    var inode: UInt64
  }

  let entries: [Entry]

  /// Those of now; none where the system does not tell.
  static var now: ServerSockets {
    do throws(FileError) { return ServerSockets(listing: try File.read("/proc/net/unix")) } catch {
      return ServerSockets(listing: [])
    }
  }

  /// Reads the listing, one line for each socket: `Num RefCount Protocol Flags Type St Inode Path`.
  init(listing: [UInt8]) {
    entries = listing.split(separator: 0x0A).compactMap { line in
      let fields = line.split(separator: 0x20, maxSplits: 7)
      // The flag of listening sockets.
      guard fields.count == 8, fields[3].elementsEqual("00010000".utf8),
        let inode = UInt64(String(decoding: fields[6], as: UTF8.self)), let port = Self.port(fields[7])
      else { return nil }
      return Entry(path: String(decoding: fields[7], as: UTF8.self), port: port, inode: inode)
    }
  }

  /// The port in a path such as `/var/run/postgresql/.s.PGSQL.5432`.
  private static func port(_ path: ArraySlice<UInt8>) -> Int? {
    guard let name = path.split(separator: UInt8(ascii: "/")).last, name.starts(with: ".s.PGSQL.".utf8) else {
      return nil
    }
    return Int(String(decoding: name.dropFirst(9), as: UTF8.self))
  }

  /// The inode numbers of the sockets with a port.
  func inodes(port: Int) -> [UInt64] { entries.filter { $0.port == port }.map { $0.inode } }

  /// Why nothing answers on a port over TCP, as far as the sockets show it.
  func reasonForSilence(port: Int) -> String? {
    if let own = entries.first(where: { $0.port == port }) {
      return "it listens on the socket \(own.path) only: an image does so for its first boot; "
        + "if it stays so, listen_addresses must have localhost"
    }
    guard let other = entries.first else { return nil }
    return "a Postgres here has the port \(other.port): let the Pod's containerPort, or PGPORT, say so"
  }
}
