package import DatabaseSpec
import OpenSSL

/// With what an instance's passwords turn: the time, and what its Pods have told. Without it, nothing turns.
package struct RotationClock: Sendable {
  /// The controller's time.
  package var now: Timestamp
  /// What the Pods have told.
  package var reports: LoginReports

  /// A clock with these values.
  package init(now: Timestamp, reports: LoginReports) {
    (self.now, self.reports) = (now, reports)
  }

  /// A number from -1 to 1 for a user, the same for every leader.
  static func jitter(namespace: String, customer: String, user: PostgresName) -> Double {
    let digest = Digest.sha256(Array("\(namespace)/\(customer)/\(user.text)".utf8))
    let number = digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return Double(number) / Double(UInt32.max) * 2 - 1
  }
}
