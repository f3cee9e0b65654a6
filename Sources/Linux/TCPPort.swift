internal import CLinux

/// A TCP port on all addresses of this machine, IPv6 and IPv4, whose connections are served without waiting for any of
/// them: whoever waits for something else waits for ``descriptor`` as well (``Meanwhile``).
package final class TCPPort {
  /// What there is to read.
  package enum Received: Equatable, Sendable {
    case bytes([UInt8])
    case nothingYet
    /// Nothing comes any more.
    case ended
  }

  /// What is waited for on a connection.
  package enum Expectation: Sendable {
    /// That something can be read.
    case bytes
    /// That something can be written.
    case room
    /// That the other side goes.
    case end
  }

  /// It can be read as soon as there is something to do here.
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

  /// A connection that somebody has made; nil where there is none more.
  package func accept() -> Int32? {
    let connection = postern_accept(listener)
    guard connection >= 0 else { return nil }
    guard postern_poll_expect(descriptor, connection, Int32(POSTERN_EXPECT_BYTES), 1) >= 0 else {
      postern_close(connection)
      return nil
    }
    return connection
  }

  /// Takes what has come, so many bytes at most.
  package func receive(_ connection: Int32, atMost limit: Int) -> Received {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe postern_receive(connection, $0.baseAddress, $0.count) }
    if count == Int(postern_nothing_yet()) { return .nothingYet }
    guard count > 0 else { return .ended }
    bytes.removeLast(limit - count)
    return .bytes(bytes)
  }

  /// Sends as many of the bytes as there is room for.
  /// - Returns: how many; nil where nobody takes them any more.
  package func send(_ connection: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
    let count = unsafe bytes.withUnsafeBytes { unsafe postern_send(connection, $0.baseAddress, $0.count) }
    if count == Int(postern_nothing_yet()) { return 0 }
    return count < 0 ? nil : count
  }

  /// From now on waits for this on a connection.
  package func expect(_ expectation: Expectation, on connection: Int32) {
    let events =
      switch expectation {
      case .bytes: POSTERN_EXPECT_BYTES
      case .room: POSTERN_EXPECT_ROOM
      case .end: POSTERN_EXPECT_END
      }
    _ = postern_poll_expect(descriptor, connection, Int32(events), 0)
  }

  /// Ends a connection.
  package func close(_ connection: Int32) { postern_close(connection) }

  /// Has ``descriptor`` be readable after so many milliseconds; never, where that is nil.
  package func wake(afterMilliseconds milliseconds: Int?) {
    postern_timer_set(timer, milliseconds.map { Int32(clamping: max(1, $0)) } ?? 0)
  }
}
