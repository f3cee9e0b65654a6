import Contract
package import JSONBytes
package import KubernetesAPI
package import Logging
import NIOHTTP1

/// A client of the Kubernetes API. Objects are JSON trees: what is not known here is kept. Any number of tasks may use
/// it at once; a request ends with its task.
///
/// ```swift
/// let client = KubernetesClient(try .find(), metrics: ClientMetrics(registry), logger: logger)
/// let secret = try await client.get(.secrets, "acme-pg-admin", in: "shop")
/// try await client.apply(.configMaps, manifest, force: true)
/// await client.listAndWatch(Selection(.pods, labelSelector: "postern.io/customer")) { change in
///   await cache.take(change)  // .replaced first, and after every gap; then .changed and .deleted
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

  /// An object.
  package func get(
    _ resource: Resource, _ name: String, in namespace: String? = nil, metadataOnly: Bool = false
  ) async throws(KubernetesError) -> JSONValue {
    var call = Call("get", .GET, resource, namespace: namespace, name: name)
    if metadataOnly { call.accept = MetadataOnly.object }
    return try await object(call, named: name, in: namespace)
  }

  /// All objects of a selection, page by page. Where the pages expire meanwhile, it begins anew, with one page for all.
  package func list(_ selection: Selection) async throws(KubernetesError) -> ObjectList {
    var items: [JSONValue] = []
    var token: String?
    var limit = transport.settings.pageSize
    while true {
      var call = selection.call("list")
      if selection.metadataOnly { call.accept = MetadataOnly.list }
      if limit > 0 { call.query.append(("limit", String(limit))) }
      if let token { call.query.append(("continue", token)) }
      let page: JSONValue
      do throws(KubernetesError) {
        page = try await object(call, in: selection.namespace)
      } catch {
        guard error.isExpired, token != nil else { throw error }
        (items, token, limit) = ([], nil, 0)
        continue
      }
      guard let version = page["metadata"]?["resourceVersion"]?.string, let more = page["items"] else {
        throw transport.error(call, .notUnderstood(reason: "it is no list"))
      }
      // A list without items may come as null.
      items += more.array ?? []
      token = page["metadata"]?["continue"]?.string
      guard let token, !token.isEmpty else { return ObjectList(items: items, resourceVersion: version) }
    }
  }

  /// The object that a call is answered with.
  func object(
    _ call: Call, named name: String? = nil, in namespace: String? = nil
  ) async throws(KubernetesError) -> JSONValue {
    guard namespace != nil || !call.resource.isNamespaced || call.verb == "list" else {
      throw transport.error(call, .invalid(reason: "\(call.resource.plural) are in namespaces, and none is named"))
    }
    for segment in [name, namespace].compactMap({ $0 }) where !Resource.isPathSegment(segment) {
      throw transport.error(call, .invalid(reason: "\"\(segment)\" can be no name or namespace"))
    }
    let bytes = try await transport.answer(to: call)
    do { return try JSONValue(parsing: bytes) } catch {
      throw transport.error(call, .notUnderstood(reason: error.message))
    }
  }
}
