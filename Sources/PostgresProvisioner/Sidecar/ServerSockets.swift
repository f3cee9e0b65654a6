import Linux

/// The sockets by which servers listen in this network namespace, as /proc/net/unix, tcp and tcp6 list them (proc(5),
/// proc_net_tcp.txt of the kernel). A Pod's containers share it: they tell, without a login, whether a Postgres is still the
/// same process, and where it listens if not where it should.
struct ServerSockets: Equatable {
  /// One socket.
  struct Entry: Equatable {
    var path: String
    var port: Int
    /// The kernel's number of the socket, which no later socket has.
    var inode: UInt64
  }

  let entries: [Entry]

  /// The present sockets; none where the system does not list them.
  static var now: ServerSockets { ServerSockets(listing: read("/proc/net/unix")) }

  /// What tells the process that listens on a port from any later one; empty where the system does not tell. Nearly every
  /// Postgres has a Unix socket; one without it listens over TCP alone, where each connection is listed, too.
  static func identity(port: Int) -> [UInt64] {
    let inodes = now.inodes(port: port)
    guard inodes.isEmpty else { return inodes }
    return tcpInodes(port: port)
  }

  /// The numbers of the sockets that listen on a port over TCP.
  /// - Parameter isLoopback: whether only those count that somebody on this machine reaches by loopback.
  private static func tcpInodes(port: Int, isLoopback: Bool = false) -> [UInt64] {
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { tcpInodes(listing: read($0), port: port, isLoopback: isLoopback) }
  }

  private static func read(_ path: String) -> [UInt8] {
    do throws(FileError) { return try File.read(path) } catch { return [] }
  }

  /// How the kernel writes 127.0.0.1 and ::1, and all addresses of either family.
  private static let loopback = [
    "0100007F", "00000000", "00000000000000000000000001000000", "00000000000000000000000000000000",
  ]

  /// The numbers of the sockets that listen on a port, by lines `sl: local_address rem_address st tx_queue:rx_queue
  /// tr:tm->when retrnsmt uid timeout inode …`, with address and port in hexadecimal digits.
  /// - Parameter isLoopback: whether only those count that somebody on this machine reaches by loopback.
  static func tcpInodes(listing: [UInt8], port: Int, isLoopback: Bool = false) -> [UInt64] {
    listing.split(separator: 0x0A).compactMap { line in
      let fields = line.split(separator: 0x20, maxSplits: 10)
      guard fields.count > 9, fields[3].elementsEqual("0A".utf8),
        let colon = fields[1].lastIndex(of: UInt8(ascii: ":")),
        Int(String(decoding: fields[1][(colon + 1)...], as: UTF8.self), radix: 16) == port,
        !isLoopback || loopback.contains(where: { fields[1][..<colon].elementsEqual($0.utf8) })
      else { return nil }
      return UInt64(String(decoding: fields[9], as: UTF8.self))
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

  /// Why nothing answers on a port over TCP, as far as the present sockets show it.
  static func reasonForSilence(port: Int) -> String? {
    now.reasonForSilence(port: port, isHeard: !tcpInodes(port: port, isLoopback: true).isEmpty)
  }

  /// The same, where it is known whether anything listens on that port of loopback.
  func reasonForSilence(port: Int, isHeard: Bool) -> String? {
    if isHeard {
      return "it listens, and answers nobody: it is stopped or overloaded, or somebody holds a lock that each login "
        + "needs, as after LOCK TABLE pg_authid"
    }
    if let own = entries.first(where: { $0.port == port }) {
      return "it listens on the socket \(own.path) only: an image does so for its first boot; "
        + "if it stays so, listen_addresses must have localhost"
    }
    guard let other = entries.first else { return nil }
    return "a Postgres here has the port \(other.port): let the Pod's containerPort, or PGPORT, say so"
  }
}
