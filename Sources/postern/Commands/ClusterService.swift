import Controller
import CoreMetrics
import KubernetesClient
import Logging
import PrometheusText
import ServingCertificate
import WebhookServer

/// What one replica does in the cluster beside answering reviews.
struct ClusterDuty: Sendable {
  /// Every replica's part, until its task is cancelled.
  let watch: @Sendable () async -> Void
  /// The leader's part, until its task is cancelled; it asks before every write.
  let lead: @Sendable (_ mayWrite: @escaping @Sendable () -> Bool) async -> Void
}

/// The cluster that `serve` runs in: who this replica is there, and its duties.
struct ClusterService {
  /// What a registry must have, so that the numbers go somewhere.
  static let families = ClientMetrics.families + LeaderElectionMetrics.families

  /// For all duties.
  let client: KubernetesClient
  private let settings: ClusterSettings
  private let namespace: String
  private let election: LeaderElection
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
    client = KubernetesClient(cluster, metrics: metrics, logger: logger)
    election = LeaderElection(
      cluster, namespace: namespace, identity: try settings.identity(), clientMetrics: metrics,
      metrics: LeaderElectionMetrics(registry), logger: logger)
  }

  /// Keeping the certificate of a server.
  func certificates(for server: WebhookServer) -> ClusterDuty {
    let settings = CertificateSettings(namespace: namespace, service: settings.service)
    logger.info(
      "managing certificates",
      metadata: [
        "secret": "\(namespace)/\(settings.secret)", "names": "\(settings.policy.names.joined(separator: ","))",
      ])
    let use = CertificateUse(
      serve: { server.use(certificateChain: Array($0.utf8), privateKey: Array($1.utf8)) },
      refuse: { server.refuseCertificate($0) })
    let keeper = CertificateKeeper(client, settings: settings, logger: logger, use: use)
    return ClusterDuty(watch: { await keeper.watch() }, lead: { await keeper.lead(mayWrite: $0) })
  }

  /// Does duties until the task is cancelled; then gives the leadership back.
  func run(_ duties: [ClusterDuty]) async {
    await withTaskGroup { group in
      for duty in duties { group.addTask { await duty.watch() } }
      group.addTask {
        await election.run { mayWrite in
          await withTaskGroup { group in
            for duty in duties { group.addTask { await duty.lead(mayWrite) } }
          }
        }
      }
    }
    await client.shutdown()
  }
}
