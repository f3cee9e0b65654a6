/// The part of what the webhook adds to a Pod that others rely on: the sidecar uses its paths, the controller
/// recognises an injected Pod by its names, and `postern try` uses both.
package enum SidecarContainer {
  /// The container's name.
  package static let name = "postern"
  /// The same for the scanner. The volumes' names begin with it as well.
  package static var nameBytes: StaticString { "postern" }
  /// The program in the image.
  package static let program = "/postern-sidecar"
  /// The arguments with which the container runs the program.
  package static let runArguments = ["run"]
  /// The arguments with which the readiness probe runs it.
  package static let readyArguments = ["ready"]

  /// The volume that ``VolumeLayout`` describes.
  package static let volumeName = "postern"
  /// The volume at ``statusPath``.
  package static let statusVolumeName = "postern-status"
  /// The volume at ``adminPath``.
  package static let adminVolumeName = "postern-admin"

  /// The folder of the status file, because the sidecar's root file system is read-only.
  package static let statusPath = "/run/postern"
  /// The status file.
  package static let statusFile = "/run/postern/status.json"
  /// Where the Postgres container reads the superuser's name and password, if it has no source of its own.
  package static let adminPath = "/etc/postern-admin"
  /// Where containers have their ServiceAccount's token (Kubernetes docs, "Configure Service Accounts for Pods"). The
  /// API server also mounts it into containers that webhooks have added, unless something is already mounted there.
  package static let tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
  /// An empty folder of the status volume, which is mounted at ``tokenPath`` so that the sidecar gets no token.
  package static let noTokenFolder = "no-token"

  /// The value of the annotation `postern.io/injected`: the version of the injection. Change it when a sidecar of the
  /// release before could not run in a Pod that is injected from now on, or the reverse.
  package static let mark = "v1"
  /// The versions of the injection whose Pods this release's sidecar can run in.
  package static let compatibleMarks = [mark]
  /// The user that the sidecar runs as, if Postgres's own user is not known or is root: the "nonroot" of distroless
  /// images.
  package static let defaultUser = 65532

  /// The readiness probe's times, in seconds. It reports success quickly, because users wait for it. A ready Pod leaves
  /// its Service only after three failures, so that a busy node does not remove it.
  package enum ReadinessProbe {
    /// Between two probes.
    package static let period = 2
    /// How long one probe may take.
    package static let timeout = 5
    /// How many probes in a row must fail.
    package static let failureThreshold = 3
    /// How long `ready` waits for the end of the first pass, in milliseconds: less than ``timeout``.
    package static let patience = 4000
  }
}
