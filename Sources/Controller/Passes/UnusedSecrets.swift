import Contract
import Instances
import JSONBytes
import KubernetesAPI
package import KubernetesClient

/// Secrets that have outlived everything that declared them. They are kept on purpose, because a customer's data may
/// need them; only people know when it no longer does.
package struct UnusedSecret: Equatable, Sendable {
  package let namespace: String
  package let name: String
  /// Since when it is unused, as far as the controller has seen.
  package let since: String?
  private let uid: String
  private let resourceVersion: String

  /// All unused Secrets of a cluster, or of these namespaces, by name: those that Postern has made, that have no owner, and
  /// whose customer's label is on no workload, no template and no Pod of the namespace.
  package static func all(
    in namespaces: [String]?, _ client: KubernetesClient
  ) async throws(KubernetesError) -> [UnusedSecret] {
    var unused: [UnusedSecret] = []
    for namespace in namespaces.map({ $0.map(Optional.some) }) ?? [nil] {
      // The Secrets are listed first, so that anything that begins to use one meanwhile is seen.
      let secrets = try await client.list(
        Selection(
          .secrets, namespace: namespace, labelSelector: "\(ObjectLabel.managedBy)=\(ObjectLabel.manager)",
          metadataOnly: true), as: ObjectReader { object throws(JSONError) in try LiveObject(object, kind: .secret) }
      ).items
      let headers = secrets.filter {
        $0.isWritten && $0.owners.isEmpty && $0.labels[AnnotationKey.customerLabel] != nil
      }
      guard !headers.isEmpty else { continue }
      let used = try await customers(in: namespace, client)
      unused += headers.compactMap { secret in
        guard let customer = secret.labels[AnnotationKey.customerLabel],
          secret.name.utf8.starts(with: ObjectName.prefix(customer: customer).utf8),
          !used.contains(CustomerKey(namespace: secret.namespace, customer: customer))
        else { return nil }
        return UnusedSecret(secret)
      }
    }
    return unused.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
  }

  private init(_ live: LiveObject) {
    namespace = live.namespace
    name = live.name
    since = live.annotations[AnnotationKey.unusedSince]
    (uid, resourceVersion) = (live.uid, live.resourceVersion)
  }

  /// The customers whose label is on any object. It includes objects that Postern leaves alone, and labels only on a
  /// template, because without Pods there is no other trace of them.
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

  /// Deletes it, if it has not changed since it was read.
  package func delete(_ client: KubernetesClient) async throws(KubernetesError) {
    do throws(KubernetesError) {
      try await client.delete(.secrets, name, in: namespace, uid: uid, resourceVersion: resourceVersion)
    } catch {
      guard error.isNotFound else { throw error }
    }
  }
}

/// The mark on Secrets of a customer for which nothing declares.
struct UnusedMark {
  let access: ObjectAccess

  /// Marks the Secrets that have no mark.
  /// - Returns: those that are marked now, and why others are not.
  func set(at time: String) async throws(Interruption) -> (marked: [LiveObject], failure: KubernetesError?) {
    var marked: [LiveObject] = []
    var refusals = Refusals()
    for secret in try await access.secrets(keepingDataOf: { _ in false }).shuffled()
    where refusals.mayWrite && secret.isWritten && secret.isManaged(for: access.key.customer) && secret.owners.isEmpty
      && secret.annotations[AnnotationKey.unusedSince] == nil
    {
      do throws(Interruption) {
        try await access.annotate(secret, [AnnotationKey.unusedSince: .string(time)])
        marked.append(secret)
      } catch { try refusals.take(error) }
    }
    return (marked, refusals.worst)
  }

  /// Removes the mark, if there is one.
  /// - Returns: the Secret afterwards; nil where nothing was changed.
  func remove(from secret: LiveObject) async throws(Interruption) -> LiveObject? {
    guard secret.isManaged(for: access.key.customer), secret.annotations[AnnotationKey.unusedSince] != nil else {
      return nil
    }
    return try await access.annotate(secret, [AnnotationKey.unusedSince: .null])
  }
}
