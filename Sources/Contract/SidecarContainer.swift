/// What the webhook adds to a Pod, as far as others than the webhook rely on it: the sidecar on its paths, the controller on
/// names by which it tells an injected Pod, `postern try` on both.
package enum SidecarContainer {
  /// The container's name.
  package static let name = "postern"
  /// The same for the scanner. The volumes' names begin with it, too.
  package static var nameBytes: StaticString { "postern" }
  /// The program in the image.
  package static let program = "/postern-sidecar"
  /// What the container runs.
  package static let runArguments = ["run"]
  /// What the readiness probe runs.
  package static let readyArguments = ["ready"]

  /// The volume that is described by ``VolumeLayout``.
  package static let volumeName = "postern"
  /// The volume of ``statusPath``.
  package static let statusVolumeName = "postern-status"
  /// The volume of ``adminPath``.
  package static let adminVolumeName = "postern-admin"

  /// Where the sidecar keeps its status file; its root file system is read-only.
  package static let statusPath = "/run/postern"
  /// The status file.
  package static let statusFile = "/run/postern/status.json"
  /// Where the Postgres container reads the superuser's name and password, where it has no source of its own.
  package static let adminPath = "/etc/postern-admin"
  /// Where containers have their ServiceAccount's token (Kubernetes docs, "Configure Service Accounts for Pods"). The API
  /// server mounts it into what webhooks have added, too, unless something is mounted there already.
  package static let tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
  /// An empty folder of the status volume, which is mounted at ``tokenPath``.
  package static let noTokenFolder = "no-token"

  /// The value of the annotation `postern.io/injected`: the version of what is added.
  package static let mark = "v1"
  /// Whom the sidecar runs as where Postgres's own user is not known, or is root: the "nonroot" of distroless images.
  package static let defaultUser = 65532

  /// The readiness probe's times, in seconds. It is quick to say yes, since users wait for it; a ready Pod leaves its
  /// Service after three misses only, lest a busy node take it out.
  package enum ReadinessProbe {
    /// Between two probes.
    package static let period = 2
    /// How long one may take.
    package static let timeout = 5
    /// How many must fail.
    package static let failureThreshold = 3
    /// How long `ready` waits for the end of the first pass, in milliseconds: less than ``timeout``.
    package static let patience = 4000
  }
}
