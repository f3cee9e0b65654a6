import Contract
import JSONBytes
import KubernetesAPI
package import KubernetesClient

/// Secrets that have outlived all that declared them. What a customer's data needs is kept on purpose; that nobody needs it
/// any more only people know.
package struct UnusedSecret: Equatable, Sendable {
  package let namespace: String
  package let name: String
  package let customer: String
  /// Since when, as far as the controller has seen it.
  package let since: String?
  private let uid: String
  private let resourceVersion: String

  /// All of a cluster, or of these namespaces, by name: Postern's, owned by nobody, and of a customer whose label no
  /// workload, no template and no Pod of the namespace bears.
  package static func all(
    in namespaces: [String]?, _ client: KubernetesClient
  ) async throws(KubernetesError) -> [UnusedSecret] {
    var unused: [UnusedSecret] = []
    for namespace in namespaces.map({ $0.map(Optional.some) }) ?? [nil] {
      // The Secrets first: what comes to use one meanwhile is seen.
      let secrets = try await client.list(
        Selection(
          .secrets, namespace: namespace, labelSelector: "\(ObjectLabel.managedBy)=\(ObjectLabel.manager)",
          metadataOnly: true), as: ObjectReader { object throws(JSONError) in try LiveObject(object, kind: .secret) }
      ).items
      let headers = secrets.filter { $0.owners.isEmpty && $0.labels[AnnotationKey.customerLabel] != nil }
      guard !headers.isEmpty else { continue }
      let used = try await customers(in: namespace, client)
      unused += headers.compactMap { secret in
        guard let customer = secret.labels[AnnotationKey.customerLabel],
          secret.name.utf8.starts(with: ObjectName.prefix(customer: customer).utf8),
          !used.contains(CustomerKey(namespace: secret.namespace, customer: customer))
        else { return nil }
        return UnusedSecret(secret, customer: customer)
      }
    }
    return unused.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
  }

  private init(_ live: LiveObject, customer: String) {
    namespace = live.namespace
    name = live.name
    self.customer = customer
    since = live.annotations[AnnotationKey.unusedSince]
    (uid, resourceVersion) = (live.uid, live.resourceVersion)
  }

  /// Whose label anything bears. Also what is to be left alone, and a template alone: with no Pods there is no other trace
  /// of that.
  private static func customers(
    in namespace: String?, _ client: KubernetesClient
  ) async throws(KubernetesError) -> Set<CustomerKey> {
    var used: Set<CustomerKey> = []
    for resource in [Resource.deployments, .statefulSets, .replicaSets, .pods] {
      for keys in try await client.list(Selection(resource, namespace: namespace), as: labelReader).items {
        used.formUnion(keys)
      }
    }
    return used
  }

  private static let labelReader = ObjectReader { bytes throws(JSONError) -> [CustomerKey] in
    let object = try JSONValue(parsing: bytes)
    guard let namespace = object["metadata"]?["namespace"]?.string else { return [] }
    return [object["metadata"], object["spec"]?["template"]?["metadata"]].compactMap { metadata in
      metadata?["labels"]?[AnnotationKey.customerLabel]?.string.map { CustomerKey(namespace: namespace, customer: $0) }
    }
  }

  /// Deletes it, if it still is as it was seen.
  package func delete(_ client: KubernetesClient) async throws(KubernetesError) {
    do throws(KubernetesError) {
      try await client.delete(.secrets, name, in: namespace, uid: uid, resourceVersion: resourceVersion)
    } catch {
      guard error.isNotFound else { throw error }
    }
  }
}

/// The mark on Secrets of a customer that nothing declares for.
struct UnusedMark {
  let access: ObjectAccess

  /// Marks those that have none.
  func set(at time: String) async throws(Interruption) -> [LiveObject] {
    var marked: [LiveObject] = []
    for secret in try await access.secrets(keepingDataOf: { _ in false })
    where secret.isManaged(for: access.key.customer) && secret.owners.isEmpty
      && secret.annotations[AnnotationKey.unusedSince] == nil
    {
      try await access.annotate(secret, [AnnotationKey.unusedSince: .string(time)])
      marked.append(secret)
    }
    return marked
  }

  /// Takes it off.
  func remove(from secrets: some Sequence<LiveObject>) async throws(Interruption) -> [LiveObject] {
    var changed: [LiveObject] = []
    for secret in secrets
    where secret.isManaged(for: access.key.customer) && secret.annotations[AnnotationKey.unusedSince] != nil {
      changed += [try await access.annotate(secret, [AnnotationKey.unusedSince: .null])].compactMap(\.self)
    }
    return changed
  }
}
