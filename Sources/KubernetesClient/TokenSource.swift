import Linux
import Synchronization

/// The bearer token that requests carry. One in a file is read anew: bound tokens rotate (Kubernetes docs, "Managing
/// Service Accounts"), and the kubelet writes the next one well before the old one expires.
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

  /// The token to send; nil where the connection's certificate says who asks, or nothing does.
  func token() throws(FileError) -> String? {
    switch credential {
    case .none: return nil
    case .token(let token): return token
    case .tokenFile(let path):
      let now = time.now()
      let known = cached.withLock { $0 }
      if let known, now < known.until { return known.token }
      do {
        let token = ClusterConfiguration.trimmed(try File.read(path, limit: 1 << 20))
        cached.withLock { $0 = Cached(token: token, until: now + Self.lifetime) }
        return token
      } catch {
        // What was good a minute ago most likely still is.
        guard let known else { throw error }
        return known.token
      }
    }
  }

  /// The server did not take this token.
  /// - Returns: whether there may be another one now.
  func reject(_ token: String?) -> Bool {
    guard case .tokenFile = credential else { return false }
    cached.withLock { if $0?.token == token { $0 = nil } }
    return true
  }
}
