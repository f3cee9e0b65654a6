import Contract

/// A right that a part of Postern needs, as in webhook-config/base.
struct ServiceAccountRight: Hashable, Sendable {
  let verb: String
  let group: String
  let resource: String
  var subresource: String?
  /// The object; nil: all.
  var name: String?
  /// Whether it is needed only in Postern's own namespace.
  var isInOwnNamespace = false

  /// The right in words, such as `patch pods/status`.
  var text: String {
    "\(verb) \(resource)\(subresource.map { "/\($0)" } ?? "")\(name.map { " \($0)" } ?? "")"
  }

  private static func all(
    _ verbs: String, _ group: String, _ resource: String, subresource: String? = nil, name: String? = nil,
    isInOwnNamespace: Bool = false
  ) -> [Self] {
    verbs.split(separator: " ").map {
      Self(
        verb: String($0), group: group, resource: resource, subresource: subresource, name: name,
        isInOwnNamespace: isInOwnNamespace)
    }
  }

  /// What the webhook must be allowed.
  static let webhook =
    all("list watch", "apps", "deployments") + all("list watch", "apps", "statefulsets") + all("list watch", "", "pods")

  /// What the controller must be allowed.
  static let controller =
    all("get list watch", "apps", "deployments") + all("get list watch", "apps", "statefulsets")
    + all("get", "apps", "replicasets") + all("list watch patch", "", "pods")
    + all("patch", "", "pods", subresource: "status")
    + all("get list watch create patch delete", "", "secrets") + all("get list watch create patch", "", "configmaps")
    + all("get create patch delete", "", "services") + all("create patch", "", "events")
    + all("create", "coordination.k8s.io", "leases", isInOwnNamespace: true)
    + all("get update", "coordination.k8s.io", "leases", name: Installation.name, isInOwnNamespace: true)
}
