import Foundation
import Synchronization

/// A proxy between the sidecar and a server. It kills the sidecar (SIGKILL) as soon as certain messages have been
/// passed on, over all of its connections. After that it passes on no more messages, so that each run is cut at the
/// same place. The server continues with what it has received.
final class CuttingProxy: Sendable {
  let port: Int
  private let serverPort: Int
  private let isEnd: @Sendable ([String]) -> Bool
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var victim: Int32?
    /// The SQL of the messages that were passed on.
    var changes: [String] = []
    var isCut = false
  }

  /// - Parameter isEnd: takes the SQL that changes something and was passed on; returns whether the sidecar must be
  ///   killed now.
  init(serverPort: Int, killAfter isEnd: @escaping @Sendable ([String]) -> Bool) throws {
    self.serverPort = serverPort
    self.isEnd = isEnd
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = unsafe withUnsafeMutablePointer(to: &address) { [listener] pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRINUSE) }
    port = Int(UInt16(bigEndian: address.sin_port))
    // The thread ends when the listener is closed. It does not keep the proxy alive.
    Thread.detachNewThread { [weak self, listener] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let self else { return }
        self.serve(client)
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// Sets the process to kill. Called as soon as the process runs.
  func setVictim(_ process: Int32) {
    state.withLock { state in
      state.victim = process
      if state.isCut { kill(process, SIGKILL) }
    }
  }

  /// The last change that was passed on before the sidecar was killed; nil where it was not killed.
  var lastChange: String? { state.withLock { $0.isCut ? $0.changes.last : nil } }

  private func serve(_ client: Int32) {
    let pair = SocketPair(client: client, server: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = Self.loopback(port: serverPort)
    let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe connect(pair.server, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { return }
    // Each message is sent at once, as libpq does, and does not wait until the one before it is acknowledged.
    for socket in [pair.client, pair.server] {
      var isOn: Int32 = 1
      _ = unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }
    Thread.detachNewThread {
      var messages = FrontendMessages()
      while let bytes = Self.receive(pair.client) {
        for message in messages.take(bytes) { self.pass(message, to: pair.server) }
      }
      shutdown(pair.server, Int32(SHUT_RDWR))
    }
    Thread.detachNewThread {
      while let bytes = Self.receive(pair.server), Self.transmit(bytes, to: pair.client) { continue }
      shutdown(pair.client, Int32(SHUT_RDWR))
    }
  }

  /// Passes a message on, unless the sidecar was killed. Kills it after the last message that it may send.
  private func pass(_ message: FrontendMessages.Message, to server: Int32) {
    state.withLock { state in
      guard !state.isCut else { return }
      _ = Self.transmit(message.bytes, to: server)
      guard let change = message.change else { return }
      state.changes.append(change)
      guard isEnd(state.changes) else { return }
      state.isCut = true
      if let victim = state.victim { kill(victim, SIGKILL) }
    }
  }

  /// The bytes that have arrived; nil at the end.
  private static func receive(_ socket: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = unsafe recv(socket, &bytes, bytes.count, 0)
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  private static func transmit(_ bytes: [UInt8], to socket: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(port).bigEndian
    return address
  }
}

/// The two sockets of one connection through the proxy, which are closed when nobody uses them any more.
private final class SocketPair: Sendable {
  let client: Int32
  let server: Int32

  init(client: Int32, server: Int32) {
    self.client = client
    self.server = server
  }

  deinit {
    close(client)
    close(server)
  }
}
