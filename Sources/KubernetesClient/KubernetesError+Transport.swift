import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

extension KubernetesError.Cause {
  /// What an error of the HTTP client means. Its own description may quote a header, so it is not passed on.
  init(transport error: any Error, timeout: Duration) {
    switch error {
    case is CancellationError: self = .cancelled
    case is TimedOut: self = .interrupted(reason: "it took longer than \(timeout)")
    case ChannelError.connectTimeout: self = .unreachable(reason: "it does not answer")
    case let error as NIOConnectionError: self = .unreachable(reason: Self.reason(error))
    case NIOSSLError.handshakeFailed(let reason): self = Self.handshake(reason)
    case is NIOSSLExtraError: self = .untrusted(reason: "its certificate does not name the host")
    case is NIOTooManyBytesError: self = .notUnderstood(reason: "it is too large")
    case let error as HTTPClientError: self.init(error, timeout: timeout)
    default: self = .interrupted(reason: "\(error)")
    }
  }

  private init(_ error: HTTPClientError, timeout: Duration) {
    switch error {
    case .cancelled: self = .cancelled
    case .deadlineExceeded: self = .interrupted(reason: "it took longer than \(timeout)")
    case .readTimeout: self = .interrupted(reason: "nothing came for too long")
    case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
      self = .unreachable(reason: "it does not answer")
    default: self = .interrupted(reason: error.shortDescription)
    }
  }

  private static func handshake(_ error: BoringSSLError) -> Self {
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return .untrusted(reason: "its certificate is not signed by the cluster's authority, or is not valid now")
    }
    // A server that is going down, or one that speaks no TLS.
    return .unreachable(reason: "TLS failed: \(text)")
  }

  private static func reason(_ error: NIOConnectionError) -> String {
    if let first = error.connectionErrors.first { return "\(first.error)" }
    return "no address for \(error.host)"
  }
}
