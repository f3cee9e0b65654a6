import Contract
import Declarations
import JSONBytes

/// A manifest with the label of a connection, on itself or on its Pod template.
struct ConnectingManifest {
  /// Where the Pod template is, by apiVersion and kind.
  private static let templates = [
    "v1 Pod": [], "apps/v1 Deployment": ["spec", "template"], "apps/v1 StatefulSet": ["spec", "template"],
    "apps/v1 DaemonSet": ["spec", "template"], "apps/v1 ReplicaSet": ["spec", "template"],
    "batch/v1 Job": ["spec", "template"], "batch/v1 CronJob": ["spec", "jobTemplate", "spec", "template"],
  ]

  let manifest: Manifest
  /// The path of the Pod template; empty for a Pod.
  let path: [String]

  /// Nil if the manifest has another kind or no label.
  init?(_ manifest: Manifest) {
    guard let path = Self.template(of: manifest.object) else { return nil }
    self.manifest = manifest
    self.path = path
    guard Self.label(manifest.object) != nil || customer != nil else { return nil }
  }

  /// The path of the Pod template; nil where Postern connects no Pods of this kind.
  static func template(of object: JSONValue) -> [String]? {
    templates["\(object["apiVersion"]?.string ?? "") \(object["kind"]?.string ?? "")"]
  }

  /// Whether a Pod has the label.
  static func hasLabel(_ pod: JSONValue) -> Bool { pod["kind"]?.string == "Pod" && label(pod) != nil }

  /// The value at a path of members.
  static func value(at path: [String], of object: JSONValue) -> JSONValue? {
    path.reduce(Optional(object)) { $0?[$1] }
  }

  private static func label(_ object: JSONValue?) -> String? {
    object?["metadata"]?["labels"]?[AnnotationKey.connectLabel]?.string
  }

  private var template: JSONValue? { Self.value(at: path, of: manifest.object) }

  /// The customer that the Pods' label names.
  private var customer: String? { Self.label(template) }

  /// The prefix of the template's fields.
  var field: String { path.map { "\($0)." }.joined() }

  /// The connections that could be read.
  var connections: [DeclaredConnection] {
    guard let customer else { return [] }
    let text = template?["metadata"]?["annotations"]?[AnnotationKey.connections]?.string
    return ConnectionsResult(customer: customer, text).connections
  }
}
