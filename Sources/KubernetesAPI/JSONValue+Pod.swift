package import JSONBytes

/// What Kubernetes itself says of a Pod (Kubernetes docs, "Pod Lifecycle").
package enum PodState {
  /// The type of the condition that all of the Pod's containers are ready. The kubelet writes it.
  package static let ready = "Ready"

  /// Whether a `status.phase` is that of a Pod that has ended for good.
  package static func hasEnded(phase: String?) -> Bool { phase == "Succeeded" || phase == "Failed" }
}

/// What is read of a Pod.
extension JSONValue {
  /// Whether all of the Pod's containers are ready.
  package var podIsReady: Bool {
    (self["status"]?["conditions"]?.array ?? []).contains {
      $0["type"]?.string == PodState.ready && $0["status"]?.string == "True"
    }
  }

  /// Whether the Pod has ended for good.
  package var podHasEnded: Bool { PodState.hasEnded(phase: self["status"]?["phase"]?.string) }

  /// The object that made and manages this one; nil where there is none.
  package var controller: (kind: String, name: String)? {
    let owners = self["metadata"]?["ownerReferences"]?.array ?? []
    guard let owner = owners.first(where: { $0["controller"] == .bool(true) }), let kind = owner["kind"]?.string,
      let name = owner["name"]?.string
    else { return nil }
    return (kind, name)
  }

  /// The workload that the Pod belongs to: of a Deployment's Pods, the Deployment, whichever ReplicaSet made them; nil
  /// for a bare Pod. A Deployment's ReplicaSets have its name and the hash of their template, which is a label of their
  /// Pods.
  package var podWorkload: (kind: String, name: String)? {
    guard let controller, controller.kind == "ReplicaSet",
      let hash = self["metadata"]?["labels"]?["pod-template-hash"]?.string,
      controller.name.utf8.count > hash.utf8.count + 1, controller.name.hasSuffix("-\(hash)")
    else { return self.controller }
    return ("Deployment", String(controller.name.dropLast(hash.count + 1)))
  }
}
