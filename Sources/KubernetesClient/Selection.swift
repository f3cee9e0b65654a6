package import KubernetesAPI
import NIOHTTP1

/// Which objects are listed or watched.
package struct Selection: Sendable {
  /// The kind of the objects.
  package var resource: Resource
  /// Their namespace; nil: all namespaces.
  package var namespace: String?
  /// A label selector, such as `postern.io/customer` (Kubernetes docs, "Labels and Selectors").
  package var labelSelector: String?
  /// A field selector, such as `metadata.name=acme` (Kubernetes docs, "Field Selectors").
  package var fieldSelector: String?
  /// Whether only `metadata` is asked for: the objects then arrive as `PartialObjectMetadata`.
  package var metadataOnly: Bool
  /// Whether only changes from now on are reported, and not the objects that exist already.
  package var changesOnly: Bool

  /// All objects of a kind, or those that match the selectors.
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

  /// The name of the watch, for people and as a key, such as `secrets` or `pods in shop`.
  var name: String {
    [resource.plural, namespace.map { "in \($0)" }, fieldSelector].compactMap(\.self).joined(separator: " ")
  }

  /// A call that asks for these objects.
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
  /// What was read of the objects. The objects of a list have no `apiVersion` and `kind`, because the resource gives
  /// both.
  package var items: [Item]
  /// The resource version from which a watch continues.
  package var resourceVersion: String
}

/// The media types with which the API server sends `metadata` alone (Kubernetes docs, "Kubernetes API Concepts",
/// metadata-only fetches).
enum MetadataOnly {
  static let object = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
  static let list = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
}
