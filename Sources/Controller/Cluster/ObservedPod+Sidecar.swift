import Contract
import JSONBytes
import KubernetesAPI

extension ObservedPod {
  /// The sidecar in a Pod: what the Pod says of it, and what the kubelet says.
  struct Sidecar: Equatable, Sendable {
    /// The image that the Pod names.
    var image = ""
    /// The version of the injection, from the webhook's mark.
    var mark = ""
    /// Whether it is an init container that restarts (Kubernetes docs, "Sidecar Containers").
    var isNative = false
    /// Whether its image was changed while the Pod ran.
    var wasUpdated = false
    /// Whether its container is ready.
    var isReady = false
    /// How many times its container has been restarted.
    var restarts = 0
    /// Whether the whole Pod is ready.
    var isPodReady = false
    /// Whether all of the Pod's other containers are ready.
    var othersAreReady = true

    /// Takes a container's status.
    mutating func see(_ container: ContainerLife) {
      if container.isSidecar {
        (isReady, restarts) = (container.isReady, container.restarts)
      } else if !container.isReady {
        othersAreReady = false
      }
    }
  }
}

/// An element of a Pod's `containerStatuses` or `initContainerStatuses`. An init container that has ended well is ready.
struct ContainerLife {
  private(set) var isSidecar = false
  private(set) var isReady = false
  private(set) var restarts = 0

  init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        isSidecar = try reader.optionalText() == SidecarContainer.name
      } else if reader.matches(key, "ready"), try reader.peek() == .bool {
        isReady = try reader.bool()
      } else if reader.matches(key, "restartCount") {
        restarts = try reader.null() ? 0 : try reader.integer()
      } else {
        try reader.skip()
      }
    }
  }
}
