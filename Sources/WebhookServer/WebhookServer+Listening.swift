import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension WebhookServer {
  /// Listens. Where all addresses were asked for and the machine has no IPv6, it listens on IPv4 alone.
  static func listen(
    _ bootstrap: ServerBootstrap, host: String, port: Int
  ) async throws(ServerError) -> any Channel {
    do {
      return try await bootstrap.bind(host: host, port: port).get()
    } catch let error as IOError {
      switch error.errnoCode {
      case EAFNOSUPPORT where host == "::", EADDRNOTAVAIL where host == "::":
        return try await listen(bootstrap, host: "0.0.0.0", port: port)
      case EADDRINUSE:
        throw .portInUse(host: host, port: port)
      case EACCES:
        throw .cannotListen(host: host, port: port, reason: "permission denied; choose a port above 1023")
      case EADDRNOTAVAIL:
        throw .cannotListen(host: host, port: port, reason: "this machine has no such address")
      default:
        throw .cannotListen(host: host, port: port, reason: "\(error)")
      }
    } catch {
      throw .cannotListen(host: host, port: port, reason: "\(error)")
    }
  }
}
