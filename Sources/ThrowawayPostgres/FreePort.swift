import Glibc
import Synchronization

/// Free ports of 127.0.0.1 for servers that start later.
package enum FreePort {
  /// A range below the ports that the kernel chooses by itself (ip(7), ip_local_port_range), so that no outgoing
  /// connection takes one before its server has started.
  static let range = 16_384..<32_768

  private static let last = Mutex(Int.random(in: range))

  /// A port on which nothing listens, and which this process has not returned before.
  package static func next() throws -> Int {
    for _ in range {
      let port = last.withLock { last in
        last = last + 1 < range.upperBound ? last + 1 : range.lowerBound
        return last
      }
      if isFree(port) { return port }
    }
    throw PostgresServerError("no free port between \(range.lowerBound) and \(range.upperBound - 1)")
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(port).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
