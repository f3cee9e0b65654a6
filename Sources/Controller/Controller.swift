import Contract
package import Admission
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
  let instances = InstanceRecords()
  let looks: StatusLooks
  let updater: SidecarUpdater
  let restarter: Restarter
  let turns = DueTimes()
  /// Held while those who follow Pods are shown them, so that an older state never replaces a newer one.
  private let showing = Mutex(())

  /// A controller of a cluster. It does nothing until ``watch()`` runs.
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
    let updater = SidecarUpdater(client, settings.sidecarUpdate, events: events, metrics: metrics, logger: logger)
    self.updater = updater
    restarter = Restarter(client, settings.restarts, events: events, logger: logger)
    let (instances, queue) = (instances, queue)
    looks = StatusLooks(
      client, ask: settings.statusQuestion, events: events, logger: logger,
      loginsNoted: { key in if instances[key].rotates { queue.add(CollectionOfOne(key)) } }
    ) { key, found in
      metrics.set(found, of: key)
      if let counts = instances.change(key, { $0.found = found }) { metrics.set(counts) }
      updater.wake()
    }
  }

  /// Whether all declarations of the cluster are known, but for namespaces that it forbids or fails for long.
  package var isSynced: Bool { cluster.withLock { $0.isSynced } }

  /// A line if instances wait and no work has moved for longer than five minutes; otherwise none.
  package func standstill() -> [String] {
    guard let duration = queue.standstill(), duration > .seconds(300) else { return [] }
    return ["instances wait for a pass, and nothing has moved for \(duration.components.seconds) s"]
  }

  /// Whether the API server answers at least one watch.
  package var hasWorkingWatch: Bool { client.hasWorkingWatch }

  /// The watches that have not worked for at least `limit`, one line each.
  package func failingWatches(for limit: Duration = .seconds(300)) -> [String] { client.failingWatches(for: limit) }

  /// What declarations use of a Secret, for ``AdmissionSettings/secretUses``. Secrets whose names Postern defines are
  /// not included.
  @Sendable package func secretUses(namespace: String, name: String) -> [SecretUse] {
    cluster.withLock { $0.secretUses(namespace: namespace, name: name) }
  }

  /// The objects that declare for a customer in a namespace, for ``AdmissionSettings/declaring``.
  @Sendable package func declaring(namespace: String, customer: String) -> [DeclaringObject] {
    cluster.withLock { $0.declaring(CustomerKey(namespace: namespace, customer: customer)) }
  }

  /// What is known of a customer, for ``AdmissionSettings/customers``.
  @Sendable package func known(namespace: String, customer: String) -> KnownCustomer {
    cluster.withLock { $0.known(CustomerKey(namespace: namespace, customer: customer)) }
  }

  /// Watches the cluster until the task is cancelled. Every replica must run it once.
  package func watch() async {
    await withDiscardingTaskGroup { group in
      for source in sources {
        group.addTask {
          // Without one of several namespaces, the others can be served.
          let leftOut: (@Sendable () -> Void)? = if source.namespace == nil { nil } else { { self.leaveOut(source) } }
          await self.client.listAndWatch(
            source.selection, as: Sighting.reader(source.resource), leftOut: leftOut
          ) { self.take($0, of: source) }
        }
      }
    }
  }

  /// The API server forbids a source, or fails it for long.
  private func leaveOut(_ source: WatchSource) {
    cluster.withLock { $0.leaveOut(source) }
    // What waited until all is known need not wait for this.
    queue.add(EmptyCollection())
  }

  /// Takes a change from a watch.
  func take(_ change: Change<Sighting>, of source: WatchSource) {
    let woken = showPods { cluster in
      let woken = cluster.take(change, of: source)
      return (woken, cluster.takePodNews())
    }
    queue.add(woken)
    metrics.set(depth: queue.depth)
  }

  /// Shows the Pods of some customers, as they are now, to those who follow them.
  /// - Parameter choose: says which customers' Pods, beside a result of its own.
  func showPods<Result: Sendable>(
    _ choose: (inout ClusterState) -> (Result, some Collection<CustomerKey> & Sendable)
  ) -> Result {
    showing.withLock { _ in
      let (result, customers) = cluster.withLock { cluster in
        let (result, keys) = choose(&cluster)
        return (result, keys.map { ($0, cluster[$0]) })
      }
      for (key, customer) in customers {
        let pods = Array(customer.pods.values)
        looks.see(pods, of: key)
        // No pass may come that finds out: no watch shows the end of a workload whose Pods alone are labelled.
        if customer.isEmpty { forget(key) }
        updater.see(pods, of: key)
      }
      return result
    }
  }
}

extension WatchSource {
  /// Of Secrets and ConfigMaps, it watches only metadata, because a declaration may refer to any of them; and only
  /// changes, because a pass reads the values that it needs.
  fileprivate var selection: Selection {
    let isNamedOnly = resource == .secrets || resource == .configMaps
    return Selection(
      resource, namespace: namespace, labelSelector: isNamedOnly ? nil : AnnotationKey.customerLabel,
      metadataOnly: isNamedOnly, changesOnly: isNamedOnly)
  }
}
