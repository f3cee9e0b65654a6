internal import CLinux

/// Waits for sockets that others own, such as libpq.
package enum SocketWait {
  /// The event that a wait is for.
  package enum Readiness: Sendable {
    case readable, writable
  }

  /// Waits until a socket can be read or written, or for at most `milliseconds`. Returns whether it can.
  /// - Parameter second: another socket; the wait also ends when it can be read.
  package static func wait(
    for first: Int32, or second: Int32 = -1, _ readiness: Readiness, milliseconds: Int
  ) -> Bool {
    let deadline = SystemClock.monotonicMilliseconds + Int64(milliseconds)
    while true {
      let left = max(0, Int(deadline - SystemClock.monotonicMilliseconds))
      let bits = Int(
        postern_wait(first, readiness == .writable ? 1 : 0, second, Meanwhile.descriptor, Int32(clamping: left)))
      if bits & POSTERN_MEANWHILE != 0 { Meanwhile.see() }
      if bits & POSTERN_READABLE != 0 { return true }
      if left == 0 || bits < 0 { return false }
    }
  }
}
