import AsyncHTTPClient
import Glibc
import NIOCore

extension HTTPClient.Configuration {
  /// How to reach a cluster, whatever is sent there, on so many connections at once.
  static func connecting(to cluster: ClusterConfiguration, _ settings: ClientSettings, limit: Int) -> Self {
    var configuration = Self(tlsConfiguration: cluster.tls, redirectConfiguration: .disallow)
    // A request on a connection that died says so, and the next one opens another. With HTTP/2 all would share the dead
    // one: the library sends no pings.
    configuration.httpVersion = .http1Only
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limit
    configuration.connectionPool.idleTimeout = .seconds(60)
    // Further tries are made here, where it is known what was wrong.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.timeout.connect = TimeAmount(settings.connectTimeout)
    // The name is what the URL says, in SNI and against the certificate; the connection goes to the host all the same.
    if let name = cluster.tlsServerName, name != cluster.host { configuration.dnsOverride = [name: cluster.host] }
    configuration.http1_1ConnectionDebugInitializer = { $0.keepAlive() }
    return configuration
  }
}

extension Channel {
  /// Has the system ask a silent peer whether it is still there, so that a node that went away is noticed within 30 s
  /// also where nothing is sent (tcp(7)).
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
