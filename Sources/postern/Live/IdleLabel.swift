import Contract
import JSONBytes
import KubernetesAPI

/// An object with the customer's label for which Postern does nothing.
struct IdleLabel: Equatable, Sendable {
  /// The namespace, the kind and the name, such as `shop/Deployment/db`.
  let object: String
  let reason: String

  /// Nil where it is being deleted or has ended, or where another object is to blame.
  init?(_ object: JSONValue, _ resource: Resource, namespace: String) {
    let metadata = object["metadata"]
    let spec = resource == .pods ? object["spec"] : object["spec"]?["template"]?["spec"]
    guard metadata?["deletionTimestamp"] == nil, !object.podHasEnded else { return nil }
    let owner = object.controller?.kind
    // A workload's Pods do nothing for the same reason as the workload.
    if resource == .pods, ["ReplicaSet", "StatefulSet"].contains(owner ?? "") { return nil }
    let template = object["spec"]?["template"]?["metadata"]
    let isLeftAlone = [metadata, template].contains { $0?["annotations"]?[AnnotationKey.inject]?.string == "false" }
    self.object = "\(namespace)/\(resource.kind)/\(metadata?["name"]?.string ?? "")"
    reason =
      if namespace == "kube-system" {
        "Postern leaves kube-system alone"
      } else if isLeftAlone {
        "\(AnnotationKey.inject) is \"false\""
      } else if spec?["hostNetwork"] == .bool(true) {
        "it uses the node's network"
      } else if !["Pod", "Deployment", "StatefulSet"].contains(resource.kind) {
        "a \(resource.kind) is not served"
      } else if let owner {
        "Pods of a \(owner) are not served"
      } else {
        "no container of it is known as Postgres; \(AnnotationKey.container) names one"
      }
  }
}
