import Admission
import ArgumentParser
import Contract
import Controller
import FoundationEssentials
import Linux
import Logging
import NIOPosix
import PrometheusText
import UnixSignals
import WebhookServer

/// `postern serve`
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the admission webhook, and keep the customers' Secrets and ConfigMaps.",
    discussion: """
      Answers POST /mutate and /validate, GET /healthz and /readyz, over TLS; and GET /metrics, /healthz and /readyz, \
      over plain HTTP, on the metrics port. A renewed certificate is picked up without \
      a restart; with --self-signed, Postern makes and renews its own, keeps it in the Secret postern-webhook-tls, and \
      has the webhook configurations named postern trust it. The cluster is the one that it runs in, or a \
      kubeconfig's; its own namespace and name are POSTERN_NAMESPACE and POSTERN_POD_NAME, where they are not the \
      container's. One process can do all of it, or one keep the objects and the certificate (--no-webhook), and another \
      answer reviews, without a right on any Secret (--no-controller --watch-workloads). Every option can also be given in the environment: --tls-cert-file as POSTERN_TLS_CERT_FILE, and so on.
      """)

  @Option(help: ArgumentHelp("The certificate chain, PEM.", valueName: "file"))
  var tlsCertFile: String?

  @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
  var tlsPrivateKeyFile: String?

  @Flag(help: "Make and renew the certificate, in a Secret.")
  var selfSigned = false

  @Option(
    help: ArgumentHelp(
      "Serve reviews only to clients with a certificate of this authority, PEM. (default: to everybody)",
      valueName: "file"))
  var clientCaFile: String?

  @Option(help: "The Service that the certificate is for. (default: postern)")
  var service: String?

  @Option(help: ArgumentHelp("How to reach the cluster, from outside.", valueName: "file"))
  var kubeconfig: String?

  @Option(help: "Namespaces whose customers are served, with commas between them. (default: all)")
  var namespaces: String?

  @Option(help: "The port of the webhook. (default: 8443)")
  var port: String?

  @Option(help: "The port of /metrics, plain HTTP. (default: 9443)")
  var metricsPort: String?

  @OptionGroup(title: "The injected sidecar") var sidecar: SidecarOptions

  @Option(
    help: """
      Whether the controller changes the image of sidecars in running Pods to --sidecar-image: auto, or never, where a Pod \
      gets it when it is made anew. Postgres is not restarted. (default: auto)
      """)
  var sidecarUpdate: String?

  @Option(help: "How many Pods may be unready at once because their sidecars are updated. (default: 3)")
  var sidecarUpdateMaxUnavailable: String?

  @Flag(
    help: """
      Evict applications' Pods after their password has turned, where their connection says restart: true. Both parts must be \
      told: the controller needs the right to create pods/eviction, and the webhook warns otherwise.
      """)
  var restarts = false

  @Option(help: "Seconds to serve on, unready, after SIGTERM. (default: 5; with --no-webhook 0)")
  var drainSeconds: String?

  @Option(help: "text or json. (default: text)")
  var logFormat: String?

  @Option(help: "debug, info, warning or error, and levels between. (default: info)")
  var logLevel: String?

  @Flag(help: "The webhook alone: make no Secrets and ConfigMaps.")
  var noController = false

  @Flag(
    help: """
      With --no-controller: watch workloads, so that a second declaration for a customer is refused, and Secrets that \
      declarations name are checked.
      """)
  var watchWorkloads = false

  @Flag(help: "The controller alone: answer no reviews.")
  var noWebhook = false

  func run() async throws {
    try await report(on: Console()) { () throws(CommandError) in
      try await serve()
      return .success
    }
  }

  private func serve() async throws(CommandError) {
    let settings = try ServeSettings(options: self, environment: ProcessInfo.processInfo.environment)
    // When all connections are in use, they alone exceed the limit that the container runtime sets.
    CurrentProcess.raiseFileLimit()
    // Bodies take megabytes, and the memory must be freed when a review is answered.
    CurrentProcess.keepLargeMemoryApart()
    let (format, level) = (settings.logFormat, settings.logLevel)
    LoggingSystem.bootstrap { _ in LineLogHandler(format: format, logLevel: level) }
    let logger = Logger(label: "postern")
    let registry = PrometheusRegistry(AdmissionService.families + ClusterService.families)
    let cluster: ClusterService?
    do {
      cluster = try settings.cluster.map { try ClusterService($0, registry: registry, logger: logger) }
    } catch {
      throw .unreadable("no cluster: \(error)")
    }
    // Trap signals before the first answer, because a client that sees the server running may end it at once.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let server: WebhookServer
    do {
      let controller = cluster?.controller
      var admission = settings.admission
      if let controller {
        admission.secretUses = controller.secretUses
        admission.declaring = controller.declaring
        admission.customers = controller.known
        admission.restarts = settings.restarts
      }
      let reviewLog = ReviewLog(format: format, isWanted: level <= .info)
      server = try await AdmissionService.start(
        settings.server, admission: admission, registry: registry,
        health: cluster?.health ?? ServerHealth(),
        logger: logger, reviewed: reviewLog.write)
    } catch {
      throw .refused(error.message)
    }
    logger.info(
      "serving",
      metadata: ["port": "\(server.port)", "metrics": "\(server.operationsPort ?? 0)", "version": "\(Release.version)"])
    let memory = Task { await ResidentMemory.keepLow() }
    defer { memory.cancel() }
    let work = Task {
      if let cluster { await cluster.run(cluster.duties(beside: server)) }
    }
    for await signal in signals {
      logger.info("ending", metadata: ["signal": "\(signal)", "drain": "\(settings.server.drainTime)"])
      break
    }
    // Drain the server first: as long as reviews come, the certificate must be renewed.
    await server.shutdown()
    work.cancel()
    await work.value
    logger.info("ended")
  }
}
