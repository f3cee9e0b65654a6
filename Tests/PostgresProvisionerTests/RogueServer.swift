import Foundation
import Synchronization

/// A listener on loopback that took Postgres's place. It answers each login with the same bytes, and keeps everything
/// that it is sent.
final class RogueServer: Sendable {
  let port: Int
  private let listener: Int32
  private let log = Mutex<[UInt8]>([])

  /// Everything that clients have sent.
  var received: [UInt8] { log.withLock { $0 } }

  /// - Parameter answer: what it sends as soon as somebody logs in.
  init(answer: [UInt8]) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = unsafe withUnsafeMutablePointer(to: &address) { [listener] pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRINUSE) }
    port = Int(UInt16(bigEndian: address.sin_port))
    // The thread ends when the listener is closed.
    Thread.detachNewThread { [weak self, listener] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let self else { return }
        self.serve(client, answer)
        close(client)
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// Talks to one client until it closes the connection.
  private func serve(_ client: Int32, _ answer: [UInt8]) {
    // The requests for TLS and GSSAPI are answered "no". What follows is the login.
    let requests: [[UInt8]] = [[0, 0, 0, 8, 4, 210, 22, 47], [0, 0, 0, 8, 4, 210, 22, 48]]
    var chunk = [UInt8](repeating: 0, count: 4096)
    var isAnswered = false
    while true {
      let count = unsafe recv(client, &chunk, chunk.count, 0)
      guard count > 0 else { return }
      let bytes = Array(chunk[..<count])
      log.withLock { $0 += bytes }
      let reply = requests.contains(bytes) ? [UInt8(ascii: "N")] : isAnswered ? [] : answer
      if !requests.contains(bytes) { isAnswered = true }
      _ = unsafe reply.withUnsafeBytes { unsafe send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }
}
