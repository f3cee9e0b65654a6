import Contract
import JSONBytes
package import KubernetesAPI
package import Logging
import NIOHTTP1

/// A client of the Kubernetes API. It passes an object's bytes to the reader that the caller gives, or makes a JSON
/// tree where there is none. Any number of tasks may use it at once. A request ends when its task is cancelled.
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
/// A failed request may be tried again, up to ``ClientSettings/maximumTries`` times in all, after growing random waits
/// or the time that `Retry-After` asks for. Requests that only read, and those that have the same effect when they are
/// done twice (apply; writes that name a resource version or UID), are tried again after 429, 500, 502, 503, 504 and
/// broken connections. All others are tried again only if the server has certainly done nothing: after 429 and 503, and
/// when there was no connection. All functions throw ``KubernetesError``.
package final class KubernetesClient: Sendable {
  /// The field manager of all writes (Kubernetes docs, "Server-Side Apply").
  package static let fieldManager = ObjectLabel.manager

  let transport: Transport
  let logger: Logger
  let watches = WatchLog()

  /// A client of a cluster. It connects when it is first used.
  package convenience init(
    _ cluster: ClusterConfiguration, settings: ClientSettings = ClientSettings(), metrics: ClientMetrics, logger: Logger
  ) {
    self.init(cluster, settings: settings, metrics: metrics, logger: logger, time: .system)
  }

  init(
    _ cluster: ClusterConfiguration, settings: ClientSettings, metrics: ClientMetrics, logger: Logger, time: Time
  ) {
    transport = Transport(cluster, settings, metrics, time)
    self.logger = logger
  }

  /// Closes all connections. Must be called before the client is released. Requests in progress fail.
  package func shutdown() async { await transport.shutdown() }

  /// The watches that have not worked for at least `limit`, one line each.
  package func failingWatches(for limit: Duration) -> [String] {
    watches.failing(for: limit, at: transport.time.now())
  }

  /// Whether at least one watch works.
  package var hasWorkingWatch: Bool { watches.isAnyWorking }

  /// Gets an object.
  /// - Parameter isRetried: whether it is tried again after a failure.
  package func get<Item: Sendable>(
    _ resource: Resource, _ name: String, in namespace: String? = nil, metadataOnly: Bool = false,
    isRetried: Bool = true, as read: ObjectReader<Item> = ObjectReader<JSONValue>.tree
  ) async throws(KubernetesError) -> Item {
    var call = Call("get", .GET, resource, namespace: namespace, name: name)
    call.isRetried = isRetried
    if metadataOnly { call.accept = MetadataOnly.object }
    return try await object(call, named: name, in: namespace, as: read)
  }

  /// The object in the answer to a call.
  func object<Item: Sendable>(
    _ call: Call, named name: String?, in namespace: String?, as read: ObjectReader<Item>
  ) async throws(KubernetesError) -> Item {
    try check(call, named: name, in: namespace)
    let bytes = try await transport.answer(to: call)
    do { return try read(bytes) } catch { throw transport.error(call, .notUnderstood(reason: error.message)) }
  }

  /// Throws where a name or a namespace is missing or cannot be part of a path.
  func check(_ call: Call, named name: String? = nil, in namespace: String?) throws(KubernetesError) {
    guard namespace != nil || !call.resource.isNamespaced || call.verb == "list" else {
      throw transport.error(call, .invalid(reason: "\(call.resource.plural) are in namespaces, and none is named"))
    }
    for segment in [name, namespace].compactMap({ $0 }) where !Resource.isPathSegment(segment) {
      throw transport.error(call, .invalid(reason: "\"\(segment)\" can be no name or namespace"))
    }
  }
}
