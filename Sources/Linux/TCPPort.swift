internal import CLinux

/// A TCP port on all addresses of this machine, IPv6 and IPv4. Its connections are served without waiting for any of
/// them: a thread that waits for something else also waits for ``descriptor`` (``Meanwhile``).
package final class TCPPort {
  /// The result of a read.
  package enum Received: Equatable, Sendable {
    case bytes([UInt8])
    case nothingYet
    /// The other side sends nothing more.
    case ended
  }

  /// The event that is expected on a connection.
  package enum Expectation: Sendable {
    /// It can be written.
    case room
    /// The other side closes it.
    case end
  }

  /// It can be read as soon as there is something to do for this port.
  package let descriptor: Int32
  private let listener: Int32
  private let timer: Int32

  /// Listens.
  package init(_ port: Int) throws(FileError) {
    let place = "TCP port \(port)"
    let listener = Int32(try File.check(Int(postern_listen(Int32(clamping: port))), place))
    let timer = postern_timer_open()
    let poll = postern_poll_open()
    let added = min(
      timer, poll, postern_poll_expect(poll, listener, Int32(POSTERN_EXPECT_BYTES), 1),
      postern_poll_expect(poll, timer, Int32(POSTERN_EXPECT_BYTES), 1))
    guard added >= 0 else {
      for descriptor in [listener, timer, poll] where descriptor >= 0 { postern_close(descriptor) }
      throw FileError(place, code: Int(added))
    }
    (self.listener, self.timer, descriptor) = (listener, timer, poll)
  }

  deinit {
    for descriptor in [listener, timer, descriptor] { postern_close(descriptor) }
  }

  /// Accepts a new connection; nil where there is none.
  package func accept() -> Int32? {
    let connection = postern_accept(listener)
    guard connection >= 0 else { return nil }
    guard postern_poll_expect(descriptor, connection, Int32(POSTERN_EXPECT_BYTES), 1) >= 0 else {
      postern_close(connection)
      return nil
    }
    return connection
  }

  /// Reads the bytes that have arrived, at most `limit`.
  package func receive(_ connection: Int32, atMost limit: Int) -> Received {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe postern_receive(connection, $0.baseAddress, $0.count) }
    if count == Int(postern_nothing_yet()) { return .nothingYet }
    guard count > 0 else { return .ended }
    bytes.removeLast(limit - count)
    return .bytes(bytes)
  }

  /// Sends as many of the bytes as possible without waiting.
  /// - Returns: how many; nil where the connection has ended.
  package func send(_ connection: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
    let count = unsafe bytes.withUnsafeBytes { unsafe postern_send(connection, $0.baseAddress, $0.count) }
    if count == Int(postern_nothing_yet()) { return 0 }
    return count < 0 ? nil : count
  }

  /// From now on ``descriptor`` reports this event on the connection.
  package func expect(_ expectation: Expectation, on connection: Int32) {
    let events =
      switch expectation {
      case .room: POSTERN_EXPECT_ROOM
      case .end: POSTERN_EXPECT_END
      }
    _ = postern_poll_expect(descriptor, connection, Int32(events), 0)
  }

  /// Closes a connection.
  package func close(_ connection: Int32) { postern_close(connection) }

  /// Makes ``descriptor`` readable after this time; nil: never.
  package func wake(afterMilliseconds milliseconds: Int?) {
    postern_timer_set(timer, milliseconds.map { Int32(clamping: max(1, $0)) } ?? 0)
  }
}
