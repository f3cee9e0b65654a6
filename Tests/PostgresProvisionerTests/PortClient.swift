import Glibc

/// A connection to a port of this machine, as a kubelet or an attacker makes it.
final class PortClient {
  private let socket: Int32

  /// Connects; nil where nothing listens.
  init?(_ port: Int, isIPv6: Bool = false) {
    socket = Glibc.socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let result: Int32
    if isIPv6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = in_port_t(port).bigEndian
      address.sin6_addr = in6addr_loopback
      result = unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      result = unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    guard result == 0 else { return nil }
  }

  deinit { close(socket) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Everything that arrives until the other side closes; nil where nothing has arrived for ten seconds and it has not.
  func rest() -> String? {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe recv(socket, &chunk, chunk.count, 0)
      guard count > 0 else { return count == 0 || errno == ECONNRESET ? String(decoding: all, as: UTF8.self) : nil }
      all += chunk[..<count]
    }
  }

  /// The status and the body of the answer for a path; nil where nothing listens.
  static func get(
    _ path: String, port: Int, token: String? = nil, isIPv6: Bool = false
  ) -> (code: Int, body: String)? {
    guard let client = PortClient(port, isIPv6: isIPv6) else { return nil }
    client.send(
      "GET \(path) HTTP/1.1\r\nHost: x\r\n" + (token.map { "Authorization: Bearer \($0)\r\n" } ?? "") + "\r\n")
    guard let answer = client.rest(), let end = answer.firstRange(of: "\r\n\r\n") else { return nil }
    return (Int(answer.dropFirst(9).prefix(3)) ?? 0, String(answer[end.upperBound...]))
  }
}
