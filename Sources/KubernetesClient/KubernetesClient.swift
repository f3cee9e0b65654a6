import Contract
import JSONBytes
package import KubernetesAPI
package import Logging
import NIOHTTP1

/// A client of the Kubernetes API. What it gets it gives as bytes to whoever asks, who makes of them what he needs; a JSON
/// tree, where he says nothing. Any number of tasks may use it at once; a request ends with its task.
///
/// ```swift
/// let client = KubernetesClient(try .find(), metrics: ClientMetrics(registry), logger: logger)
/// let secret = try await client.get(.secrets, "acme-pg-admin", in: "shop")
/// try await client.apply(.configMaps, manifest, force: true)
/// await client.listAndWatch(Selection(.pods, labelSelector: "postern.io/customer"), as: Name.init) { change in
///   await cache.take(change)  // from .listing to .listed what is there, and after every gap; then .present and .deleted
/// }
/// await client.shutdown()
/// ```
///
/// What fails may be tried again, up to ``ClientSettings/maximumTries`` times in all, after growing random waits or what
/// `Retry-After` says. What only reads, and what leads to the same when it is done twice (apply; what bears the resource
/// version or UID that it is meant for), is, after 429, 500, 502, 503, 504 and broken connections. Everything else is
/// only where the server surely did nothing: after 429 and 503, and where there was no connection. All functions throw
/// ``KubernetesError``.
package final class KubernetesClient: Sendable {
  /// The field manager of all that is written (Kubernetes docs, "Server-Side Apply").
  package static let fieldManager = ObjectLabel.manager

  /// Where the objects of this process are, if the configuration says it.
  package let namespace: String?
  let transport: Transport
  let logger: Logger
  let watches = WatchLog()

  /// A client of a cluster; it connects when it is used.
  package convenience init(
    _ cluster: ClusterConfiguration, settings: ClientSettings = ClientSettings(), metrics: ClientMetrics, logger: Logger
  ) {
    self.init(cluster, settings: settings, metrics: metrics, logger: logger, time: .system)
  }

  init(
    _ cluster: ClusterConfiguration, settings: ClientSettings, metrics: ClientMetrics, logger: Logger, time: Time
  ) {
    namespace = cluster.namespace
    transport = Transport(cluster, settings, metrics, time)
    self.logger = logger
  }

  /// Closes all connections; to be called before the client goes. Requests under way fail.
  package func shutdown() async { await transport.shutdown() }

  /// What has not worked for so long among the watches, a line each.
  package func failingWatches(for limit: Duration) -> [String] {
    watches.failing(for: limit, at: transport.time.now())
  }

  /// Whether some watch works.
  package var hasWorkingWatch: Bool { watches.isAnyWorking }

  /// An object.
  package func get<Item: Sendable>(
    _ resource: Resource, _ name: String, in namespace: String? = nil, metadataOnly: Bool = false,
    as read: ObjectReader<Item> = ObjectReader<JSONValue>.tree
  ) async throws(KubernetesError) -> Item {
    var call = Call("get", .GET, resource, namespace: namespace, name: name)
    if metadataOnly { call.accept = MetadataOnly.object }
    return try await object(call, named: name, in: namespace, as: read)
  }

  /// The object that a call is answered with.
  func object<Item: Sendable>(
    _ call: Call, named name: String?, in namespace: String?, as read: ObjectReader<Item>
  ) async throws(KubernetesError) -> Item {
    try check(call, named: name, in: namespace)
    let bytes = try await transport.answer(to: call)
    do { return try read(bytes) } catch { throw transport.error(call, .notUnderstood(reason: error.message)) }
  }

  /// Whether a call can be meant.
  func check(_ call: Call, named name: String? = nil, in namespace: String?) throws(KubernetesError) {
    guard namespace != nil || !call.resource.isNamespaced || call.verb == "list" else {
      throw transport.error(call, .invalid(reason: "\(call.resource.plural) are in namespaces, and none is named"))
    }
    for segment in [name, namespace].compactMap({ $0 }) where !Resource.isPathSegment(segment) {
      throw transport.error(call, .invalid(reason: "\"\(segment)\" can be no name or namespace"))
    }
  }
}
