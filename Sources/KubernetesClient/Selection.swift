package import KubernetesAPI
import NIOHTTP1

/// Which objects are listed or watched.
package struct Selection: Sendable {
  /// Of what kind.
  package var resource: Resource
  /// Where; nil: in all namespaces.
  package var namespace: String?
  /// Such as `postern.io/customer` (Kubernetes docs, "Labels and Selectors").
  package var labelSelector: String?
  /// Such as `metadata.name=acme` (Kubernetes docs, "Field Selectors").
  package var fieldSelector: String?
  /// Whether only `metadata` is wanted: the objects come as `PartialObjectMetadata`.
  package var metadataOnly: Bool
  /// Whether only what happens from now on is told, and not what is there already.
  package var changesOnly: Bool

  /// All objects of a kind, or those that the selectors leave.
  package init(
    _ resource: Resource, namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
    metadataOnly: Bool = false, changesOnly: Bool = false
  ) {
    self.resource = resource
    self.namespace = namespace
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
    self.metadataOnly = metadataOnly
    self.changesOnly = changesOnly
  }

  /// Which watch it is, for people and as a key, such as `secrets` or `pods in shop`.
  var name: String {
    [resource.plural, namespace.map { "in \($0)" }, fieldSelector].compactMap(\.self).joined(separator: " ")
  }

  /// A call for these objects.
  func call(_ verb: String) -> Call {
    var call = Call(verb, .GET, resource, namespace: namespace)
    if metadataOnly { call.accept = verb == "list" ? MetadataOnly.list : MetadataOnly.object }
    if let labelSelector { call.query.append(("labelSelector", labelSelector)) }
    if let fieldSelector { call.query.append(("fieldSelector", fieldSelector)) }
    return call
  }
}

/// The answer to a list.
package struct ObjectList<Item: Sendable>: Sendable {
  /// What was read of the objects. Those of a list bear no `apiVersion` and `kind`: the resource says both.
  package var items: [Item]
  /// From where a watch goes on.
  package var resourceVersion: String
}

/// How the API server names the answer with `metadata` alone (Kubernetes docs, "Kubernetes API Concepts",
/// metadata-only fetches).
enum MetadataOnly {
  static let object = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
  static let list = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
}
