package import LibPQ
import Randomness

/// The sidecar's waits, in milliseconds.
package enum SidecarBackoff {
  /// Between two pings while Postgres starts, after `attempt` pings with the same answer. If nothing listens, a ping
  /// costs next to nothing, and users wait for the result. A server that refuses connections logs each ping, so the
  /// wait is longer.
  package static func ping(attempt: Int, _ answer: PingStatus) -> Int {
    doubled(10, attempt, limit: answer == .noResponse ? 40 : 200)
  }

  /// Before the next pass after so many failures in a row: 1 s, doubling up to a minute, and up to a fifth less, so
  /// that many sidecars do not retry at the same time.
  /// - Parameter random: any byte.
  package static func retry(failures: Int, random: UInt8 = randomByte()) -> Int {
    let delay = doubled(1000, failures - 1, limit: 60_000)
    return delay - delay / 5 * Int(random) / 255
  }

  /// Before a pass without a change, which corrects what somebody has changed in Postgres manually.
  package static let resync = 300_000

  /// Between two checks of whether Postgres is still there.
  package static let liveness = 5000

  /// Between two of these looks that log in, where nothing else tells: whether a standby was promoted. What a standby was
  /// promoted with is provisioned already.
  package static let login = 30_000

  private static func doubled(_ start: Int, _ times: Int, limit: Int) -> Int {
    min(limit, start << min(max(0, times), 16))
  }

  /// A random byte; a fixed one if there is no randomness, because it only spreads the retries.
  package static func randomByte() -> UInt8 {
    do throws(RandomError) { return try SecureRandom.bytes(1).first ?? 0 } catch { return 0 }
  }
}
