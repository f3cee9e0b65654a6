import DatabaseSpec
import Linux

/// How long ago something was, in few characters (Kubernetes' `duration.HumanDuration`).
enum Age {
  /// - Parameter time: as Kubernetes writes it: `2026-11-21T10:00:00Z`.
  static func text(since time: String?) -> String {
    guard let start = time.flatMap({ Timestamp(rfc3339: $0) }) else { return "<unknown>" }
    return text(seconds: max(0, SystemClock.wallMilliseconds / 1000 - start.microseconds / 1_000_000))
  }

  static func text(seconds: Int64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400)
    func pair(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
      small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
    }
    switch seconds {
    case ..<120: return "\(seconds)s"
    case ..<600: return pair(minutes, "m", seconds % 60, "s")
    case ..<10_800: return "\(minutes)m"
    case ..<28_800: return pair(hours, "h", minutes % 60, "m")
    case ..<172_800: return "\(hours)h"
    case ..<691_200: return pair(days, "d", hours % 24, "h")
    case ..<63_072_000: return "\(days)d"
    default: return pair(days / 365, "y", days % 365, "d")
    }
  }
}
