/// A kind of object, as in the API server's paths (Kubernetes docs, "Kubernetes API Concepts").
package struct Resource: Hashable, Sendable {
  /// The API group; empty for the core group.
  package var group: String
  /// The group's version.
  package var version: String
  /// The name in paths, in RBAC rules and in metrics, such as `pods`.
  package var plural: String
  /// The kind of one object, such as `Pod`.
  package var kind: String
  /// Whether its objects are in a namespace.
  package var isNamespaced: Bool

  /// A resource with these values.
  package init(group: String = "", version: String = "v1", plural: String, kind: String, isNamespaced: Bool = true) {
    self.group = group
    self.version = version
    self.plural = plural
    self.kind = kind
    self.isNamespaced = isNamespaced
  }

  /// The `apiVersion` of a manifest, such as `apps/v1`.
  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

  /// The kind as in a request of admission.
  package var groupVersionKind: GroupVersionKind { GroupVersionKind(group: group, version: version, kind: kind) }

  /// The path of an object; without a name, of all objects; without a namespace, of those in all namespaces. Both must
  /// be path segments: see ``isPathSegment(_:)``.
  package func path(namespace: String?, name: String?) -> String {
    var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
    if isNamespaced, let namespace { path += "/namespaces/\(PercentEncoding.encode(namespace))" }
    path += "/\(plural)"
    if let name { path += "/\(PercentEncoding.encode(name))" }
    return path
  }

  /// Whether a name can be part of a path (Kubernetes docs, "Object Names and IDs", path segment names). An empty name
  /// would mean all objects, and a name with a `/` would mean a part of another object.
  package static func isPathSegment(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == 0x2F || $0 == 0x25 }
  }
}

/// The resources that Postern reads and writes.
extension Resource {
  /// `v1 Pod`
  package static let pods = Self(plural: "pods", kind: "Pod")
  /// `v1 Secret`
  package static let secrets = Self(plural: "secrets", kind: "Secret")
  /// `v1 ConfigMap`
  package static let configMaps = Self(plural: "configmaps", kind: "ConfigMap")
  /// `v1 Service`
  package static let services = Self(plural: "services", kind: "Service")
  /// `v1 Event`. The API server stores these and `events.k8s.io` as the same objects.
  package static let events = Self(plural: "events", kind: "Event")
  /// `v1 Namespace`
  package static let namespaces = Self(plural: "namespaces", kind: "Namespace", isNamespaced: false)
  /// `apps/v1 Deployment`
  package static let deployments = Self(group: "apps", plural: "deployments", kind: "Deployment")
  /// `apps/v1 StatefulSet`
  package static let statefulSets = Self(group: "apps", plural: "statefulsets", kind: "StatefulSet")
  /// `apps/v1 ReplicaSet`
  package static let replicaSets = Self(group: "apps", plural: "replicasets", kind: "ReplicaSet")
  /// `apps/v1 DaemonSet`
  package static let daemonSets = Self(group: "apps", plural: "daemonsets", kind: "DaemonSet")
  /// `coordination.k8s.io/v1 Lease`
  package static let leases = Self(group: "coordination.k8s.io", plural: "leases", kind: "Lease")
  /// `admissionregistration.k8s.io/v1 MutatingWebhookConfiguration`
  package static let mutatingWebhookConfigurations = Self(
    group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration", isNamespaced: false)
  /// `admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration`
  package static let validatingWebhookConfigurations = Self(
    group: "admissionregistration.k8s.io", plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration", isNamespaced: false)
}
