import Linux
import Synchronization

/// The bearer token of requests. A token in a file is read again regularly, because bound tokens rotate (Kubernetes
/// docs, "Managing Service Accounts"). The kubelet writes the next one well before the old one expires.
final class TokenSource: Sendable {
  private static let lifetime: Duration = .seconds(60)

  private struct Cached {
    let token: String
    let until: Duration
  }

  private let credential: ClusterConfiguration.Credential
  private let time: Time
  private let cached = Mutex<Cached?>(nil)

  init(_ credential: ClusterConfiguration.Credential, time: Time) {
    self.credential = credential
    self.time = time
  }

  /// The token to send; nil where the client authenticates by a certificate or not at all.
  func token() async throws(NoToken) -> String? {
    switch credential {
    case .none: return nil
    case .token(let token): return token
    case .program(let tokens):
      do throws(ConfigurationError) { return try await tokens.token() } catch { throw NoToken(reason: "\(error)") }
    case .tokenFile(let path):
      let now = time.now()
      let known = cached.withLock { $0 }
      if let known, now < known.until { return known.token }
      do {
        let token = ClusterConfiguration.trimmed(try File.read(path, limit: 1 << 20))
        cached.withLock { $0 = Cached(token: token, until: now + Self.lifetime) }
        return token
      } catch {
        // A token that was valid a minute ago probably still is.
        guard let known else { throw NoToken(reason: error.message) }
        return known.token
      }
    }
  }

  /// Reports that the server did not accept this token.
  /// - Returns: whether a new token may now be available.
  func reject(_ token: String?) async -> Bool {
    switch credential {
    case .none, .token: return false
    case .program(let tokens): await tokens.reject(token)
    case .tokenFile: cached.withLock { if $0?.token == token { $0 = nil } }
    }
    return true
  }
}

/// Why there is no token to send.
struct NoToken: Error {
  let reason: String
}
