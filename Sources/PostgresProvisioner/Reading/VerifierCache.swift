import DatabaseSpec
import LibPQ
import OpenSSL
import Provisioning
import Randomness

/// Remembers which stored verifiers match which passwords. A derivation takes as long as a login. A pass that finds
/// both unchanged derives nothing. The cache contains hashes and no passwords.
package final class VerifierCache {
  /// The most iterations with which a verifier is derived. Users may store verifiers of their own, whose iterations
  /// could keep a pass busy for hours; the server's default is 4096.
  private static let maximumIterations: UInt32 = 1_000_000
  /// The server's default iterations, for servers that do not report them (PostgreSQL docs §20.3, `scram_iterations`).
  private static let defaultIterations: UInt32 = 4096
  /// Bytes of salt, as many as the server uses.
  private static let saltLength = 16

  package init() {}

  private var outcomes: [PostgresName: (fingerprint: [UInt8], matches: Bool)] = [:]

  /// How a role's stored verifier compares with a password. Anything but SCRAM-SHA-256 differs, so that it is replaced.
  func compare(_ role: PostgresName, stored: String?, with password: Password?) -> RoleState.PasswordState {
    guard let password else { return .notCompared }
    guard let stored else { return .differs }
    let fingerprint = Self.fingerprint(password, stored)
    if let known = outcomes[role], known.fingerprint == fingerprint { return known.matches ? .matches : .differs }
    let verifier = ScramVerifier(stored).flatMap { $0.iterations <= Self.maximumIterations ? $0 : nil }
    let matches = verifier?.matches(password: password.unredacted) ?? false
    outcomes[role] = (fingerprint, matches)
    return matches ? .matches : .differs
  }

  /// Makes a new verifier of a password, with the server's iterations. libpq needs ten times as long for this.
  func verifier(of password: Password, _ connection: borrowing Connection) throws(PostgresError) -> String {
    let iterations = connection.parameter("scram_iterations").flatMap { UInt32($0) } ?? Self.defaultIterations
    do throws(RandomError) {
      return ScramVerifier(
        password: password.unredacted, salt: try SecureRandom.bytes(Self.saltLength),
        iterations: min(max(1, iterations), Self.maximumIterations)
      ).text
    } catch { throw PostgresError(kind: .client, message: error.message) }
  }

  /// Records that a verifier was made of a password.
  func note(_ role: PostgresName, stored: String, password: Password) {
    outcomes[role] = (Self.fingerprint(password, stored), true)
  }

  private static func fingerprint(_ password: Password, _ stored: String) -> [UInt8] {
    Digest.sha256(Array(password.unredacted.utf8) + [0] + Array(stored.utf8))
  }
}
