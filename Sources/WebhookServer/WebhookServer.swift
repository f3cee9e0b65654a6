public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTPS server for admission webhooks: `POST /mutate` and `/validate`, `GET /healthz` and `/readyz`, over HTTP/1.1
/// and TLS 1.2 or 1.3. It knows nothing of what the bodies say.
public final class WebhookServer: Sendable {
  /// The TCP port that it listens on.
  public let port: Int

  private let configuration: ServerConfiguration
  private let logger: Logger
  private let group: MultiThreadedEventLoopGroup
  private let listener: any Channel
  private let state: ServerState
  private let certificates: CertificateStore
  private let reloading: Task<Void, Never>
  private let stopping = Mutex<Task<Void, Never>?>(nil)

  private init(
    _ configuration: ServerConfiguration, logger: Logger, group: MultiThreadedEventLoopGroup, listener: any Channel,
    state: ServerState, certificates: CertificateStore
  ) {
    self.configuration = configuration
    self.logger = logger
    self.group = group
    self.listener = listener
    self.state = state
    self.certificates = certificates
    port = listener.localAddress?.port ?? configuration.port
    reloading = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: configuration.tlsReloadInterval)
        if !Task.isCancelled { _ = certificates.reload() }
      }
    }
  }

  /// Loads the certificate, listens, and serves until `shutdown`.
  ///
  /// - Parameters:
  ///   - isReady: what `/readyz` answers while the server is not going.
  ///   - answer: called on an event loop for every review, with the path and the body, which is not empty. It must
  ///     neither block nor take long.
  public static func start(
    _ configuration: ServerConfiguration, logger: Logger, isReady: @escaping @Sendable () -> Bool,
    answer: @escaping @Sendable (WebhookPath, [UInt8]) -> WebhookReply
  ) async throws(ServerError) -> WebhookServer {
    let certificates = try CertificateStore(configuration, logger: logger)
    let state = ServerState(configuration)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard state.add(channel) else {
            logger.debug("connection closed: there are \(configuration.maximumConnections) already")
            throw ChannelError.ioOnClosedChannel
          }
          channel.closeFuture.whenComplete { _ in state.remove(channel) }
          try channel.pipeline.syncOperations.addHandlers([
            NIOSSLServerHandler(context: certificates.context),
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: Self.headerLimits)),
            ConnectionHandler(configuration, state: state, logger: logger, isReady: isReady, answer: answer),
          ])
        }
      }
    do throws(ServerError) {
      let listener = try await listen(bootstrap, host: configuration.host, port: configuration.port)
      return WebhookServer(
        configuration, logger: logger, group: group, listener: listener, state: state, certificates: certificates)
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// How often a changed certificate or key was refused since the start: for a metric.
  public var reloadFailures: Int { certificates.failures }

  /// Looks at the certificate and the key now, as it is done every `tlsReloadInterval`; whether a new pair was taken.
  @discardableResult
  public func reloadNow() -> Bool { certificates.reload() }

  /// Stops without hurting a request: not ready at once, serves on for the drain time, listens no more, finishes what
  /// is in flight, closes. Returns when all is closed; more calls wait for the first.
  public func shutdown() async {
    let task = stopping.withLock { stopping in
      let task = stopping ?? Task { await self.stop() }
      stopping = task
      return task
    }
    await task.value
  }

  private func stop() async {
    state.isDraining = true
    logger.info("shutting down", metadata: ["drain time": "\(configuration.drainTime)"])
    try? await Task.sleep(for: configuration.drainTime)
    try? await listener.close()
    await state.quiesce()
    reloading.cancel()
    try? await group.shutdownGracefully()
  }

  /// What a head may hold: an API server's has some 200 bytes.
  private static var headerLimits: NIOHTTPDecoderLimitConfiguration {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 16 << 10
    limits.maxHeaderListSize = 64 << 10
    limits.maxHeaderFieldCount = 100
    return limits
  }
}
