/// The importance of a log line.
package enum LogLevel: String, Comparable, CaseIterable, Sendable {
  case debug, info, warning, error

  /// Whether the left one is less important.
  package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }
}
