import CoreMetrics
import Linux
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTPS server for admission webhooks: `POST /mutate` and `/validate`, `GET /healthz` and `/readyz`, over HTTP/1.1
/// and TLS 1.2 or 1.3. It does not interpret the bodies.
package final class WebhookServer: Sendable {
  /// The TCP port of reviews; 0 where there is none.
  package let port: Int
  /// The TCP port of operations; nil where there is none.
  package let operationsPort: Int?

  private let configuration: ServerConfiguration
  private let logger: Logger
  private let group: MultiThreadedEventLoopGroup
  private let listener: (any Channel)?
  private let operationsListener: (any Channel)?
  private let state: ServerState
  private let operationsState: ServerState
  let certificates: CertificateStore
  private let largeReviews: LargeReviews
  private let reloading: Task<Void, Never>
  private let stopping = Mutex<Task<Void, Never>?>(nil)

  private init(
    _ configuration: ServerConfiguration, logger: Logger, group: MultiThreadedEventLoopGroup, listener: (any Channel)?,
    operationsListener: (any Channel)?, state: ServerState, operationsState: ServerState,
    certificates: CertificateStore, largeReviews: LargeReviews
  ) {
    self.configuration = configuration
    self.logger = logger
    self.group = group
    self.listener = listener
    self.operationsListener = operationsListener
    self.state = state
    self.operationsState = operationsState
    self.certificates = certificates
    self.largeReviews = largeReviews
    port = listener?.localAddress?.port ?? 0
    operationsPort = operationsListener?.localAddress?.port
    reloading = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: configuration.tlsReloadInterval)
        if !Task.isCancelled { _ = certificates.reload() }
      }
    }
  }

  /// Loads the certificate, where it is in files, listens, and serves until `shutdown`.
  ///
  /// - Parameters:
  ///   - metrics: what the server records, and answers at `/metrics` on the port of operations.
  ///   - health: what the probes answer while the server has a certificate and does not stop.
  ///   - answer: called for every review, with the path and the body, which is not empty. It is called on an event
  ///     loop, where it must neither block nor take long; for a body above `largeBodyBytes`, on a thread that decides
  ///     one at a time.
  package static func start(
    _ configuration: ServerConfiguration, logger: Logger, metrics: ServerMetrics,
    health: ServerHealth,
    answer: @escaping @Sendable (WebhookPath, [UInt8]) -> WebhookReply
  ) async throws(ServerError) -> WebhookServer {
    let certificates = try CertificateStore(configuration, logger: logger, metrics: metrics)
    let hasWebhook = configuration.certificate != .none
    let hasCertificate = { @Sendable in !hasWebhook || certificates.context != nil }
    let state = ServerState(
      configuration, maximumConnections: configuration.maximumConnections,
      maximumSurplus: configuration.maximumSurplusConnections)
    let operationsState = ServerState(
      configuration, maximumConnections: configuration.maximumOperationsConnections, maximumSurplus: 0)
    let largeReviews = LargeReviews(metrics, answer)
    let group = MultiThreadedEventLoopGroup(
      numberOfThreads: min(System.coreCount, CurrentProcess.usableCores, maximumEventLoops))
    let webhookService = Service(
      port: .webhook, configuration: configuration, state: state, logger: logger, metrics: metrics, health: health,
      hasCertificate: hasCertificate, answer: answer, largeReviews: largeReviews)
    let operationsService = Service(
      port: .operations, configuration: configuration, state: operationsState, logger: logger, metrics: metrics,
      health: health, hasCertificate: hasCertificate, answer: answer, largeReviews: largeReviews)
    let webhook = bootstrap(group) { channel in
      let seat = Seat(channel)
      let admission = state.admit(seat)
      if admission != .served {
        metrics.refusedConnections.increment()
        logger.debug("connection refused: there are \(configuration.maximumConnections) already, all busy")
      }
      if admission == .refused { throw ChannelError.ioOnClosedChannel }
      metrics.connections.increment()
      channel.closeFuture.whenComplete { _ in
        state.remove(seat)
        metrics.connections.decrement()
      }
      guard let context = certificates.context else { throw ChannelError.ioOnClosedChannel }
      try channel.pipeline.syncOperations.addHandlers([
        NIOSSLServerHandler(context: context),
        ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: Self.headerLimits)),
        ConnectionHandler(webhookService, seat, isSurplus: admission == .surplus),
      ])
    }
    let operations = bootstrap(group) { channel in
      let seat = Seat(channel)
      guard operationsState.admit(seat) == .served else { throw ChannelError.ioOnClosedChannel }
      channel.closeFuture.whenComplete { _ in operationsState.remove(seat) }
      try channel.pipeline.syncOperations.addHandlers([
        ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: Self.headerLimits)),
        ConnectionHandler(operationsService, seat, isSurplus: false),
      ])
    }
    do throws(ServerError) {
      var listener: (any Channel)?
      if hasWebhook { listener = try await listen(webhook, host: configuration.host, port: configuration.port) }
      var operationsListener: (any Channel)?
      if let port = configuration.operationsPort {
        operationsListener = try await listen(operations, host: configuration.host, port: port)
      }
      return WebhookServer(
        configuration, logger: logger, group: group, listener: listener, operationsListener: operationsListener,
        state: state, operationsState: operationsState, certificates: certificates, largeReviews: largeReviews)
    } catch {
      await largeReviews.shutdown()
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private static func bootstrap(
    _ group: MultiThreadedEventLoopGroup, _ initialize: @escaping @Sendable (any Channel) throws -> Void
  ) -> ServerBootstrap {
    ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try initialize(channel) }
      }
  }

  /// Gives the server a PEM certificate and its key for the connections from now on; for `CertificateSource.memory`. An
  /// invalid pair is logged and counted, and the old one stays.
  /// - Returns: whether it is a new pair and was taken.
  @discardableResult
  package func use(certificateChain: [UInt8], privateKey: [UInt8]) -> Bool {
    certificates.use(CertificatePair(certificateChain: certificateChain, privateKey: privateKey))
  }

  /// Logs and counts that there is a new certificate which cannot be used. The old one stays.
  package func refuseCertificate(_ reason: String) { certificates.refuse(reason) }

  /// Stops without harm to a request: it is not ready from now on, serves for the drain time, stops listening, finishes
  /// the requests in flight, and closes. Returns when all is closed; further calls wait for the first.
  package func shutdown() async {
    let task = stopping.withLock { stopping in
      let task = stopping ?? Task { await self.stop() }
      stopping = task
      return task
    }
    await task.value
  }

  private func stop() async {
    state.isDraining = true
    operationsState.isDraining = true
    logger.info("shutting down", metadata: ["drain time": "\(configuration.drainTime)"])
    try? await Task.sleep(for: configuration.drainTime)
    try? await listener?.close()
    await state.quiesce()
    try? await operationsListener?.close()
    await operationsState.quiesce()
    reloading.cancel()
    await largeReviews.shutdown()
    try? await group.shutdownGracefully()
  }

  /// One event loop answers tens of thousands of reviews a second. With two, a review that takes long delays only half
  /// of the others.
  private static let maximumEventLoops = 2

  /// The limits of a head. The API server's has some 200 bytes. A thousand unfinished heads hold at most 16 MiB.
  private static var headerLimits: NIOHTTPDecoderLimitConfiguration {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 8 << 10
    limits.maxHeaderListSize = 16 << 10
    limits.maxHeaderFieldCount = 100
    return limits
  }
}
