import Contract
import KubernetesAPI
import KubernetesClient
import LogLine
import Logging
import PrometheusText

/// A cluster as the user's kubeconfig and rights show it.
final class ClusterAccess: Sendable {
  let client: KubernetesClient
  let configuration: ClusterConfiguration
  /// The namespace that is looked at; nil: all.
  let namespace: String?
  /// The namespace that is named, or that the context chooses.
  let ownNamespace: String
  /// Where what is not an answer is said.
  let console: Console

  /// - Parameters:
  ///   - namespace: nil: that of the context, else `default`.
  ///   - isEverywhere: whether all namespaces are looked at.
  init(
    kubeconfig: String?, context: String?, namespace: String?, isEverywhere: Bool, console: Console
  ) throws(CommandError) {
    do {
      configuration = try .asKubectl(kubeconfig: kubeconfig, context: context)
    } catch {
      throw .unreadable("\(error)")
    }
    self.console = console
    ownNamespace = namespace ?? configuration.namespace ?? "default"
    self.namespace = isEverywhere ? nil : ownNamespace
    var settings = ClientSettings()
    // Somebody waits for the answer.
    settings.maximumTries = 3
    settings.maximumRetryDelay = .seconds(2)
    client = KubernetesClient(
      configuration, settings: settings, metrics: ClientMetrics(PrometheusRegistry([])),
      logger: Logger(label: Installation.name) { _ in LineLogHandler(format: .text, logLevel: .warning) })
  }

  /// Does something with the cluster, and closes its connections.
  func using<Value>(_ work: (ClusterAccess) async throws(CommandError) -> Value) async throws(CommandError) -> Value {
    let result: Result<Value, CommandError>
    do throws(CommandError) { result = .success(try await work(self)) } catch { result = .failure(error) }
    await client.shutdown()
    return try result.get()
  }

  /// What a request gives; nil where the user may not do it, or where the object has been deleted meanwhile.
  func allowed<Value>(
    _ request: () async throws(KubernetesError) -> Value
  ) async throws(CommandError) -> Value? {
    do throws(KubernetesError) {
      return try await request()
    } catch {
      guard error.code == 403 || error.code == 404 else { throw .refused(error.description) }
      return nil
    }
  }

  /// The objects of a selection; nil where the user may not list them.
  func listed<Item: Sendable>(
    _ selection: Selection, as read: ObjectReader<Item>
  ) async throws(CommandError) -> [Item]? {
    try await allowed { () throws(KubernetesError) in try await client.list(selection, as: read).items }
  }

  /// Everything that the user may read of the customers, or of one.
  func look(customer: String? = nil) async throws(CommandError) -> SeenCluster {
    let cluster = try await lookAround(customer: customer)
    guard cluster.showsCustomers else {
      throw .refused(
        "you may list neither deployments, statefulsets nor pods \(place); ask for the right to, or choose with -n")
    }
    return cluster
  }

  /// The same, which may be nothing.
  func lookAround(customer: String? = nil) async throws(CommandError) -> SeenCluster {
    var cluster = SeenCluster()
    for resource in SeenCluster.resources {
      let selection = SeenCluster.selection(resource, namespace: namespace, customer: customer)
      let found = try await listed(selection, as: SeenCluster.reader(resource))
      if let found { cluster.take(found, of: resource) } else { cluster.forbidden.insert(resource) }
    }
    return cluster
  }

  /// The namespaces that are looked at, for people.
  var place: String { namespace.map { "in namespace \($0)" } ?? "in all namespaces" }

  /// What the user may not read, and what is therefore not known.
  static func notes(on forbidden: Set<Resource>) -> [String] {
    let missing: [Resource: String] = [
      .deployments: "Deployments that declare are missing", .statefulSets: "StatefulSets that declare are missing",
      .pods: "it is not known what Pods hold", .configMaps: "users of flat files, and what is written, are not known",
    ]
    return SeenCluster.resources.filter(forbidden.contains).map {
      "you may not list \($0.plural): \(missing[$0] ?? "")"
    }
  }
}
