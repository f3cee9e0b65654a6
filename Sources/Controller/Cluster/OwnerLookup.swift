import JSONBytes
import KubernetesAPI
import KubernetesClient

/// Finds the workload of a Pod if only its Pod template has the label, so that no watch selects the workload.
struct OwnerLookup {
  let client: KubernetesClient
  let namespace: String

  /// The workload from which the first of these Pods was made that has one; nil where none has one.
  func declarer(of pods: [ObservedPod]) async throws(KubernetesError) -> Declarer? {
    for owner in Set(pods.compactMap(\.owner)).sorted(by: { $0.name < $1.name }) {
      if let declarer = try await declarer(owner) { return declarer }
    }
    return nil
  }

  private func declarer(_ owner: ObservedPod.Owner) async throws(KubernetesError) -> Declarer? {
    switch owner.kind {
    case "StatefulSet": return try await workload(.statefulSets, owner.name)
    case "ReplicaSet":
      let reader = ObjectReader { object throws(JSONError) in try ObjectLife(object) }
      let life = try await get(.replicaSets, owner.name, metadataOnly: true, as: reader)
      guard let deployment = life?.owner, deployment.kind == "Deployment" else { return nil }
      return try await workload(.deployments, deployment.name)
    default: return nil
    }
  }

  private func workload(_ resource: Resource, _ name: String) async throws(KubernetesError) -> Declarer? {
    try await get(resource, name, metadataOnly: false, as: Sighting.reader(resource))?.watched?.declarer
  }

  private func get<Item: Sendable>(
    _ resource: Resource, _ name: String, metadataOnly: Bool, as read: ObjectReader<Item>
  ) async throws(KubernetesError) -> Item? {
    do throws(KubernetesError) {
      return try await client.get(resource, name, in: namespace, metadataOnly: metadataOnly, as: read)
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }
}
