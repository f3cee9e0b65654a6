import Contract
import Declarations
import JSONBytes

/// What a manifest says of Pods that connect: a Pod or a Pod template with the label of a connection on it, or on the
/// manifest.
struct ConnectingManifest {
  let manifest: Manifest
  /// The path of the Pod template; empty for a Pod. Without a Pod, that of the Pods' labels and annotations.
  let path: [KeyPath.Step]
  /// Whether it is seen what the Pods are like.
  let hasPod: Bool

  /// All that a manifest says.
  static func all(in manifest: Manifest) -> [ConnectingManifest] {
    let templates = PodTemplates.paths(in: manifest.object).map {
      ConnectingManifest(manifest: manifest, path: $0, hasPod: true)
    }
    let others = PodTemplates.otherMetadata(in: manifest.object).map {
      ConnectingManifest(manifest: manifest, path: $0, hasPod: false)
    }
    // Of other kinds, the webhook sees the Pods alone.
    let isLabelled = PodTemplates.isReviewed(manifest.object) && label(manifest.object["metadata"]) != nil
    return (templates + others).filter { isLabelled || $0.customer != nil }
  }

  /// Whether a Pod has the label.
  static func hasLabel(_ pod: JSONValue) -> Bool { pod["kind"]?.string == "Pod" && label(pod["metadata"]) != nil }

  private static func label(_ metadata: JSONValue?) -> String? {
    metadata?["labels"]?[AnnotationKey.connectLabel]?.string
  }

  var template: JSONValue? { manifest.object.value(at: path[...]) }

  private var metadata: JSONValue? { hasPod ? template?["metadata"] : template }

  /// The customer that the Pods' label names.
  private var customer: String? { Self.label(metadata) }

  /// The prefix of the template's fields.
  var field: String { path.isEmpty ? "" : KeyPath.text(path) + "." }

  /// The prefix of the fields of the Pods' metadata.
  private var metadataField: String { hasPod ? "\(field)metadata." : field }

  /// The field of the annotation.
  var annotationField: String { "\(metadataField)annotations[\(AnnotationKey.connections)]" }

  /// The connections that could be read.
  var connections: [DeclaredConnection] { reading?.connections ?? [] }

  /// The annotation by which it runs before everything that is no such hook: Helm's, or Argo CD's.
  var hookBeforeAll: String? {
    [("helm.sh/hook", "pre-install"), ("argocd.argoproj.io/hook", "PreSync")].first { key, when in
      let hooks = manifest.object["metadata"]?["annotations"]?[key]?.string ?? ""
      return hooks.split(separator: ",").contains { $0.filter { $0 != " " } == when }
    }?.0
  }

  /// What is wrong with them, whatever the Pods are like.
  var errors: [(field: String, message: String)] {
    (reading?.errors ?? []).map {
      (metadataField + $0.field.trimmingPrefix("metadata."), $0.reason + ($0.hint.map { "; \($0)" } ?? ""))
    }
  }

  private var reading: ConnectionsResult? {
    customer.map { customer in
      let annotations = metadata?["annotations"]
      var keys: [String] = []
      if case .object(let object)? = annotations { keys = object.members.map(\.key) }
      return ConnectionsResult(customer: customer, annotations?[AnnotationKey.connections]?.string, others: keys)
    }
  }
}
