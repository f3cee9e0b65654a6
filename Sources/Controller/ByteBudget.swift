import Synchronization

/// How many bytes of values a pass may keep, so that one customer's references cannot fill the memory that all share.
final class ByteBudget: Sendable {
  private let left: Mutex<Int>

  init(_ bytes: Int) { left = Mutex(bytes) }

  /// Whether the values have exceeded the budget.
  var isExceeded: Bool { left.withLock { $0 < 0 } }

  /// Whether these values may be kept.
  func take(_ data: [String: [UInt8]]) -> Bool {
    let bytes = data.values.reduce(0) { $0 + $1.count }
    return left.withLock { left in
      left -= bytes
      return left >= 0
    }
  }
}
