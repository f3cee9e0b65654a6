import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// The names of the customers that a shell completes.
enum CustomerNames {
  /// A shell waits for its completions, so that it is better to have none than to have them late.
  private static let patience: Duration = .seconds(3)

  /// Whether a text can be a label's value, and so a customer's name, which then needs no escaping in a selector
  /// (Kubernetes docs, "Labels and Selectors").
  static func isLabelValue(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: false
      }
    }
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
  }

  /// Those that begin so; none where that takes too long. It closes the cluster's connections.
  static func beginning(with start: String, in access: ClusterAccess) async -> [String] {
    let names = await withTaskGroup(of: Set<String>?.self) { group in
      group.addTask { await all(in: access) }
      group.addTask {
        try? await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    await access.client.shutdown()
    return (names ?? []).filter { $0.hasPrefix(start) }.sorted()
  }

  private static func all(in access: ClusterAccess) async -> Set<String> {
    var names: Set<String> = []
    for resource in [Resource.deployments, .statefulSets, .pods] {
      var selection = SeenCluster.selection(resource, namespace: access.namespace)
      selection.metadataOnly = true
      let reader = ObjectReader { bytes throws(JSONError) in
        try JSONValue(parsing: bytes)["metadata"]?["labels"]?[AnnotationKey.customerLabel]?.string
      }
      let found = try? await access.client.list(selection, as: reader)
      names.formUnion((found?.items ?? []).compactMap(\.self))
    }
    return names
  }
}
