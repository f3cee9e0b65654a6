import Contract
import JSONBytes
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// An open WebSocket (RFC 6455).
typealias WebSocket = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

extension Transport {
  private typealias Refusal = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  /// What the API server has made of a request for a WebSocket.
  private enum Upgrade: Sendable {
    case open(WebSocket)
    case refused(Refusal)
  }

  /// Opens a WebSocket on a connection of its own. The caller must use it by `executeThenClose`.
  func webSocket(_ call: Call, protocol name: String) async throws(KubernetesError) -> WebSocket {
    try await retrying(call, maximumTries: 1) { token in try await self.open(call, name, token) }
  }

  private func open(_ call: Call, _ name: String, _ token: String?) async throws -> WebSocket {
    let context = try NIOSSLContext(configuration: cluster.tls)
    let expected = cluster.tlsServerName ?? cluster.host
    // An address cannot be asked for by SNI; the certificate is then checked for the address.
    let serverName = (try? SocketAddress(ipAddress: expected, port: 0)) == nil ? expected : nil
    var headers: HTTPHeaders = [
      "Host": server, "User-Agent": ObjectLabel.manager, "Sec-WebSocket-Protocol": name,
    ]
    if let token { headers.add(name: "Authorization", value: "Bearer \(token)") }
    let head = HTTPRequestHead(
      version: .http1_1, method: call.method, uri: cluster.pathPrefix + call.target, headers: headers)
    let limit = TimeAmount(settings.requestTimeout)
    let upgrade = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(TimeAmount(settings.connectTimeout))
      .connect(host: cluster.host, port: cluster.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
          let upgrader = NIOTypedWebSocketClientUpgrader<Upgrade>(maxFrameSize: 1 << 24) { channel, _ in
            channel.eventLoop.makeCompletedFuture { .open(try WebSocket(wrappingChannelSynchronously: channel)) }
          }
          var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
              upgradeRequestHead: head, upgraders: [upgrader]
            ) { channel in
              channel.eventLoop.makeCompletedFuture { .refused(try Refusal(wrappingChannelSynchronously: channel)) }
            })
          // The first frames come right behind the answer.
          configuration.leftOverBytesStrategy = .forwardBytes
          let upgrade = try pipeline.configureUpgradableHTTPClientPipeline(configuration: configuration)
          let timeout = channel.eventLoop.scheduleTask(in: limit) {
            channel.pipeline.fireErrorCaught(TimedOut())
            channel.close(promise: nil)
          }
          upgrade.whenComplete { _ in timeout.cancel() }
          return upgrade
        }
      }
    switch try await upgrade.get() {
    case .open(let socket): return socket
    case .refused(let answer): throw self.error(call, .refused(try await Self.status(answer)))
    }
  }

  /// Why the API server opens no WebSocket.
  private static func status(_ answer: Refusal) async throws -> Status {
    try await answer.executeThenClose { parts, _ in
      var status = Status(
        code: 0, reason: "", message: "", name: "", kind: GroupVersionKind(group: "", version: "", kind: ""))
      var body: [UInt8] = []
      for try await part in parts {
        switch part {
        case .head(let head): (status.code, status.reason) = (Int(head.status.code), head.status.reasonPhrase)
        case .body(let bytes): if body.count < 1 << 20 { body += bytes.readableBytesView }
        case .end: return (try? JSONValue(parsing: body)).flatMap { Status($0) } ?? status
        }
      }
      return status
    }
  }
}
