import AsyncHTTPClient
import Glibc
import NIOCore

extension HTTPClient.Configuration {
  /// How to connect to a cluster, with at most `limit` connections at once.
  static func connecting(to cluster: ClusterConfiguration, _ settings: ClientSettings, limit: Int) -> Self {
    var configuration = Self(tlsConfiguration: cluster.tls, redirectConfiguration: .disallow)
    // A request on a connection that has died fails, and the next one opens another. With HTTP/2, all requests would
    // share the dead connection, because the library sends no pings.
    configuration.httpVersion = .http1Only
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limit
    configuration.connectionPool.idleTimeout = .seconds(60)
    // ``Transport`` retries itself, because it knows what went wrong.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.timeout.connect = TimeAmount(settings.connectTimeout)
    // SNI and the check of the certificate use the URL's name; the connection still goes to the host.
    if let name = cluster.tlsServerName, name != cluster.host { configuration.dnsOverride = [name: cluster.host] }
    configuration.http1_1ConnectionDebugInitializer = { $0.keepAlive() }
    return configuration
  }
}

extension Channel {
  /// Lets the system check that a silent peer is still there, so that the loss of a node is noticed within 30 s even
  /// when nothing is sent (tcp(7)).
  fileprivate func keepAlive() -> EventLoopFuture<Void> {
    let options: [(NIOBSDSocket.OptionLevel, NIOBSDSocket.Option, SocketOptionValue)] = [
      (.socket, .so_keepalive, 1),
      (.tcp, NIOBSDSocket.Option(rawValue: TCP_KEEPIDLE), 15),
      (.tcp, NIOBSDSocket.Option(rawValue: TCP_KEEPINTVL), 5),
      (.tcp, NIOBSDSocket.Option(rawValue: TCP_KEEPCNT), 3),
    ]
    return .andAllSucceed(
      options.map { setOption(ChannelOptions.Types.SocketOption(level: $0, name: $1), value: $2) }, on: eventLoop)
  }
}
