import Controller
import CoreMetrics
import KubernetesClient
import LeaderElection
import Logging
import PrometheusText
import ServingCertificate
import WebhookServer

/// What one replica does in the cluster besides answering reviews.
struct ClusterDuty: Sendable {
  /// What every replica does until its task is cancelled.
  let watch: @Sendable () async -> Void
  /// What the leader does until its task is cancelled. It asks before every write. Nil: nothing is written.
  var lead: (@Sendable (_ mayWrite: @escaping @Sendable () -> Bool) async -> Void)?
}

/// The cluster in which `serve` runs: this replica's identity there, and its duties.
struct ClusterService {
  /// The metric families that the registry must be made with; otherwise the numbers are lost.
  static let families = ClientMetrics.families + LeaderElectionMetrics.families + ControllerMetrics.families

  /// Knows which objects declare and, if that is configured, keeps the customers' objects; nil where neither is
  /// configured.
  let controller: Controller?
  private let client: KubernetesClient
  private let settings: ClusterSettings
  private let namespace: String
  /// Nil where this replica writes nothing.
  private let election: LeaderElection?
  private let logger: Logger

  init(_ settings: ClusterSettings, registry: PrometheusRegistry, logger: Logger) throws {
    self.settings = settings
    self.logger = logger
    let cluster = try ClusterConfiguration.find(kubeconfig: settings.kubeconfig)
    guard let namespace = settings.namespace ?? cluster.namespace else {
      throw ConfigurationError(
        place: settings.kubeconfig ?? "kubeconfig", reason: "its context names no namespace",
        hint: "say where Postern's own objects are to be, with POSTERN_NAMESPACE")
    }
    self.namespace = namespace
    let metrics = ClientMetrics(registry)
    var clientSettings = ClientSettings()
    // A new leader checks every customer: 500 of them within seconds. The API server's own limits still apply.
    clientSettings.requestsPerSecond = 200
    clientSettings.burst = 400
    // Requests in progress when the lease is lost end soon, and writes over an object name the version that was read.
    clientSettings.requestTimeout = .seconds(10)
    clientSettings.maximumTries = 3
    // After an outage of any length, everything is watched again within seconds.
    clientSettings.maximumRetryDelay = .seconds(8)
    client = KubernetesClient(cluster, settings: clientSettings, metrics: metrics, logger: logger)
    var controllerSettings = ControllerSettings(namespaces: settings.namespaces.isEmpty ? nil : settings.namespaces)
    controllerSettings.onlyKnowsDeclarations = settings.knowledge == .declarations
    controllerSettings.sidecarUpdate = settings.sidecarUpdate
    controllerSettings.restarts = settings.restarts ? RestartSettings() : nil
    controller =
      settings.knowledge == .none
      ? nil
      : Controller(
        client: client, settings: controllerSettings, metrics: ControllerMetrics(registry), logger: logger)
    let electionMetrics = LeaderElectionMetrics(registry)
    let identity = try settings.identity()
    election =
      settings.isSelfSigned || settings.knowledge == .all
      ? LeaderElection(
        cluster, namespace: namespace, identity: identity, clientMetrics: metrics, metrics: electionMetrics,
        logger: logger) : nil
  }

  /// The cluster's part of the server's health. A queue that does not move, or a watch that fails while others work,
  /// may be repaired by a restart. If no watch works, the API server is away, and a replica that is restarted meanwhile
  /// would know nothing.
  var health: ServerHealth {
    guard let controller else { return ServerHealth() }
    return ServerHealth(
      canDecide: { controller.isSynced },
      whyNotReady: { controller.failingWatches() + controller.standstill() },
      whyNotAlive: { (controller.hasWorkingWatch ? controller.failingWatches() : []) + controller.standstill() })
  }

  /// This replica's duties besides answering reviews at a server.
  func duties(beside server: WebhookServer) -> [ClusterDuty] {
    var duties: [ClusterDuty] = []
    if settings.isSelfSigned { duties.append(certificates(for: server)) }
    if let controller {
      var duty = ClusterDuty(watch: { await controller.watch() }, lead: nil)
      if settings.knowledge == .all { duty.lead = { await controller.lead(mayWrite: $0) } }
      duties.append(duty)
    }
    return duties
  }

  /// The duty that keeps the certificate of a server.
  private func certificates(for server: WebhookServer) -> ClusterDuty {
    let settings = CertificateSettings(namespace: namespace, service: settings.service)
    logger.info(
      "managing certificates",
      metadata: [
        "secret": "\(namespace)/\(settings.secret)", "names": "\(settings.policy.names.joined(separator: ","))",
      ])
    let use = CertificateUse(
      serve: { [hasWebhook = self.settings.hasWebhook] in
        if hasWebhook { server.use(certificateChain: Array($0.utf8), privateKey: Array($1.utf8)) }
      },
      refuse: { server.refuseCertificate($0) })
    let keeper = CertificateKeeper(client, settings: settings, logger: logger, use: use)
    return ClusterDuty(watch: { await keeper.watch() }, lead: { await keeper.lead(mayWrite: $0) })
  }

  /// Runs the duties until the task is cancelled, then gives the leadership back.
  func run(_ duties: [ClusterDuty]) async {
    await withTaskGroup { group in
      for duty in duties { group.addTask { await duty.watch() } }
      let leading = duties.compactMap(\.lead)
      if let election {
        group.addTask {
          await election.run { mayWrite in
            await withTaskGroup { group in
              for lead in leading { group.addTask { await lead(mayWrite) } }
            }
          }
        }
      }
    }
    await client.shutdown()
  }
}
