import Contract
import JSONBytes

/// Where an object says what its Pods are like.
enum PodTemplates {
  /// Kubernetes' own kinds whose Pods may connect, by apiVersion. The API server calls the webhook for them.
  private static let reviewed = [
    "v1 Pod": [], "apps/v1 Deployment": ["spec", "template"], "apps/v1 StatefulSet": ["spec", "template"],
    "apps/v1 DaemonSet": ["spec", "template"], "apps/v1 ReplicaSet": ["spec", "template"],
    "batch/v1 Job": ["spec", "template"], "batch/v1 CronJob": ["spec", "jobTemplate", "spec", "template"],
  ]
  private static let maximumDepth = 16
  private static let maximumPaths = 100

  /// Whether the webhook sees objects of this kind, and not only their Pods.
  static func isReviewed(_ object: JSONValue) -> Bool { reviewed[kind(of: object)] != nil }

  /// The paths of the Pod templates; the empty path for a Pod. Of a kind that Kubernetes does not have, everything is
  /// taken for a template that has `spec.containers`.
  static func paths(in object: JSONValue) -> [[KeyPath.Step]] {
    if let path = reviewed[kind(of: object)] { return [path.map(KeyPath.Step.key)] }
    return search(object) { isTemplate($0) }
  }

  /// The paths of whatever else has a label or an annotation for connections, as kinds have it that make their Pods from
  /// other fields: `spec.driver` of a SparkApplication, `spec.podMetadata` of a Prometheus.
  static func otherMetadata(in object: JSONValue) -> [[KeyPath.Step]] {
    guard reviewed[kind(of: object)] == nil else { return [] }
    let templates = paths(in: object).map { $0 + [.key("metadata")] }
    return search(object) { value in
      value["labels"]?[AnnotationKey.connectLabel] != nil || value["annotations"]?[AnnotationKey.connections] != nil
    }.filter { $0 != [.key("metadata")] && !templates.contains($0) }
  }

  private static func kind(of object: JSONValue) -> String {
    "\(object["apiVersion"]?.string ?? "") \(object["kind"]?.string ?? "")"
  }

  private static func isTemplate(_ value: JSONValue) -> Bool {
    value["spec"]?["containers"]?.array?.isEmpty == false
  }

  /// The paths below the object, from the top, of what is wanted; nothing in it is searched.
  private static func search(_ object: JSONValue, _ isWanted: (JSONValue) -> Bool) -> [[KeyPath.Step]] {
    var found: [[KeyPath.Step]] = []
    func look(_ value: JSONValue, _ path: [KeyPath.Step]) {
      guard path.count < maximumDepth, found.count < maximumPaths else { return }
      if !path.isEmpty, isWanted(value) { return found.append(path) }
      switch value {
      case .object(let object): for member in object.members { look(member.value, path + [.key(member.key)]) }
      case .array(let elements):
        for (index, element) in elements.enumerated() { look(element, path + [.index(index)]) }
      case .null, .bool, .number, .string: break
      }
    }
    look(object, [])
    return found
  }
}
