import Contract
package import Admission
import JSONBytes
import KubernetesAPI
package import KubernetesClient
package import Logging
import Synchronization

/// Keeps the objects of all customers' instances (design §3) as they are declared.
///
/// ```swift
/// let controller = Controller(client: client, settings: ControllerSettings(), metrics: metrics, logger: logger)
/// async let watching: Void = controller.watch()           // in every replica, for as long as it runs
/// await election.run { await controller.lead(mayWrite: $0) }  // only the leader
/// ```
package final class Controller: Sendable {
  let client: KubernetesClient
  let settings: ControllerSettings
  let metrics: ControllerMetrics
  let logger: Logger
  let cluster: Mutex<ClusterState>
  let queue: WorkQueue<CustomerKey>
  let judge = ScriptJudge()
  let events: EventRecorder
  let sources: [WatchSource]
  /// How the instances are, and those whose Pods are still to be told of an update.
  let instances = Mutex<(states: [CustomerKey: Customer.State], owed: Set<CustomerKey>)>(([:], []))

  /// A controller of a cluster; it does nothing by itself.
  package init(
    client: KubernetesClient, settings: ControllerSettings, metrics: ControllerMetrics, logger: Logger
  ) {
    self.client = client
    self.settings = settings
    self.metrics = metrics
    self.logger = logger
    let declaring: [Resource] = [.deployments, .statefulSets, .pods]
    let resources = settings.onlyKnowsDeclarations ? declaring : declaring + [.secrets, .configMaps]
    sources = (settings.namespaces.map { $0.map(Optional.some) } ?? [nil]).flatMap { namespace in
      resources.map { WatchSource(resource: $0, namespace: namespace) }
    }
    cluster = Mutex(ClusterState(sources))
    queue = WorkQueue(
      limit: settings.maximumConcurrentPasses, firstDelay: settings.retryDelay,
      maximumDelay: settings.maximumRetryDelay, owner: { $0.namespace })
    events = EventRecorder(client, settings, logger)
  }

  /// Whether all declarations of the cluster are known.
  package var isSynced: Bool { cluster.withLock { $0.isSynced } }

  /// That instances wait, and nothing has moved for so long: one line, or none.
  package func standstill(lasting limit: Duration = .seconds(300)) -> [String] {
    guard let duration = queue.standstill(), duration > limit else { return [] }
    return ["instances wait for a pass, and nothing has moved for \(duration.components.seconds) s"]
  }

  /// Whether the API server answers some watch.
  package var hasWorkingWatch: Bool { client.hasWorkingWatch }

  /// Watches that have not worked for so long, a line each.
  package func failingWatches(for limit: Duration = .seconds(300)) -> [String] { client.failingWatches(for: limit) }

  /// What declarations take from a Secret: what ``AdmissionSettings/secretUses`` asks. Those that Postern names itself
  /// are not among them.
  @Sendable package func secretUses(namespace: String, name: String) -> [SecretUse] {
    cluster.withLock { $0.secretUses(namespace: namespace, name: name) }
  }

  /// What declares for a customer in a namespace: what ``AdmissionSettings/declaring`` asks.
  @Sendable package func declaring(namespace: String, customer: String) -> [DeclaringObject] {
    cluster.withLock { $0.declaring(CustomerKey(namespace: namespace, customer: customer)) }
  }

  /// Keeps what is known of the cluster, until the task is cancelled. To be run once, in every replica.
  package func watch() async {
    await withDiscardingTaskGroup { group in
      for source in sources {
        group.addTask {
          await self.client.listAndWatch(source.selection, as: Sighting.reader(source.resource)) {
            self.take($0, of: source)
          }
        }
      }
    }
  }

  private func take(_ change: Change<Sighting>, of source: WatchSource) {
    let woken = cluster.withLock { $0.take(change, of: source) }
    queue.add(woken)
    metrics.set(depth: queue.depth)
  }
}

extension WatchSource {
  /// Of Secrets and ConfigMaps only who they are, as any of them may be one that a declaration refers to; and only of
  /// those that change, as a pass reads what it needs.
  fileprivate var selection: Selection {
    let isNamedOnly = resource == .secrets || resource == .configMaps
    return Selection(
      resource, namespace: namespace, labelSelector: isNamedOnly ? nil : AnnotationKey.customerLabel,
      metadataOnly: isNamedOnly, changesOnly: isNamedOnly)
  }
}
