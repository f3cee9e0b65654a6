internal import CLinux

/// Waits for sockets that others own, such as libpq.
package enum SocketWait {
  /// The event that a wait is for.
  package enum Readiness: Sendable {
    case readable, writable
  }

  /// Waits until a socket can be read or written, or for at most `milliseconds`. Returns whether it can.
  package static func wait(for socket: Int32, _ readiness: Readiness, milliseconds: Int) -> Bool {
    wait(socket, isWritten: readiness == .writable, -1, milliseconds)
  }

  /// Waits until one of two sockets can be read.
  package static func waitUntilReadable(_ first: Int32, or second: Int32) {
    _ = wait(first, isWritten: false, second, -1)
  }

  /// - Parameter milliseconds: a negative number means no limit.
  private static func wait(_ first: Int32, isWritten: Bool, _ second: Int32, _ milliseconds: Int) -> Bool {
    let deadline = milliseconds < 0 ? Int64.max : SystemClock.monotonicMilliseconds + Int64(milliseconds)
    while true {
      let left = milliseconds < 0 ? -1 : max(0, Int(deadline - SystemClock.monotonicMilliseconds))
      let bits = Int(postern_wait(first, isWritten ? 1 : 0, second, Meanwhile.descriptor, Int32(clamping: left)))
      if bits & POSTERN_MEANWHILE != 0 { Meanwhile.see() }
      if bits & POSTERN_READABLE != 0 { return true }
      if left == 0 || bits < 0 { return false }
    }
  }
}
