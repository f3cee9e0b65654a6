/// The kind of an object, as in `request.kind`.
package struct GroupVersionKind: Hashable, Sendable {
  /// The API group; empty for the core group.
  package var group: String
  /// The group's version.
  package var version: String
  /// The kind, such as `Pod`.
  package var kind: String

  /// A kind with these values.
  package init(group: String, version: String, kind: String) {
    self.group = group
    self.version = version
    self.kind = kind
  }

  /// The kind in the `apiVersion` and `kind` of a manifest.
  package init(apiVersion: String, kind: String) {
    let parts = apiVersion.split(separator: "/", maxSplits: 1)
    self.init(group: parts.count == 2 ? String(parts[0]) : "", version: String(parts.last ?? ""), kind: kind)
  }

  /// `v1 Pod`
  package static let pod = Self(group: "", version: "v1", kind: "Pod")
  /// `apps/v1 Deployment`
  package static let deployment = Self(group: "apps", version: "v1", kind: "Deployment")
  /// `apps/v1 StatefulSet`
  package static let statefulSet = Self(group: "apps", version: "v1", kind: "StatefulSet")
  /// `apps/v1 DaemonSet`
  package static let daemonSet = Self(group: "apps", version: "v1", kind: "DaemonSet")
  /// `apps/v1 ReplicaSet`
  package static let replicaSet = Self(group: "apps", version: "v1", kind: "ReplicaSet")
  /// `batch/v1 Job`
  package static let job = Self(group: "batch", version: "v1", kind: "Job")
  /// `batch/v1 CronJob`
  package static let cronJob = Self(group: "batch", version: "v1", kind: "CronJob")
  /// `v1 Secret`
  package static let secret = Self(group: "", version: "v1", kind: "Secret")
}
