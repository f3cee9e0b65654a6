import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension KubernetesError.Cause {
  /// The error for an error of the HTTP client. Its own description may quote a header, so it is not passed on.
  init(transport error: any Error, timeout: Duration) {
    switch error {
    case is CancellationError: self = .cancelled
    case is TimedOut: self = .interrupted(reason: "it took longer than \(timeout)")
    case ChannelError.connectTimeout: self = .unreachable(reason: "it does not answer")
    case let error as NIOConnectionError:
      // It holds an error for each address of the name, and none where the name has no address.
      self = .unreachable(reason: error.connectionErrors.first.map { Self.reason($0.error) } ?? "the name is not known")
    case let error as IOError where error.errnoCode == ECONNREFUSED: self = .unreachable(reason: Self.reason(error))
    case is IOError: self = .interrupted(reason: Self.reason(error))
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
    // A server that is stopping, or one that does not speak TLS.
    return .unreachable(reason: "TLS failed: \(text)")
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    return switch error.errnoCode {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET, EPIPE: "connection reset"
    case ETIMEDOUT: "it does not answer any more"
    case EHOSTUNREACH, ENETUNREACH: "no route to it"
    default: "error \(error.errnoCode) of the system"
    }
  }
}
