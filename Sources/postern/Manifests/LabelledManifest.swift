import Contract
import Declarations
import JSONBytes

/// A manifest with the label of a customer's Postgres, on itself or on its Pod template.
struct LabelledManifest: Equatable {
  static let kinds = ["Deployment", "StatefulSet", "Pod"]

  let manifest: Manifest
  let customer: String

  /// nil if the manifest has another kind or no label.
  init?(_ manifest: Manifest) {
    guard Self.serves(manifest) else { return nil }
    let metadata = [manifest.object["metadata"], manifest.object["spec"]?["template"]?["metadata"]]
    guard let customer = metadata.lazy.compactMap({ $0?["labels"]?[AnnotationKey.customerLabel]?.string }).first else {
      return nil
    }
    self.manifest = manifest
    self.customer = customer
  }

  /// Whether it is one of ``kinds``, and not a kind of the same name from another API.
  static func serves(_ manifest: Manifest) -> Bool {
    kinds.contains(manifest.kind) && manifest.apiVersion == (manifest.kind == "Pod" ? "v1" : "apps/v1")
  }

  /// The annotations that declare: the manifest's own, or else its Pod template's.
  var annotations: [String: String] {
    let own = Self.annotations(manifest.object)
    guard manifest.kind != "Pod", !own.keys.contains(where: AnnotationKey.declaring.contains) else { return own }
    let template = manifest.object["spec"]?["template"].map(Self.annotations) ?? [:]
    return own.merging(template) { own, _ in own }
  }

  /// The field of a declaring annotation.
  func annotationField(_ key: String) -> String {
    let isOwn =
      manifest.kind == "Pod" || Self.annotations(manifest.object).keys.contains(where: AnnotationKey.declaring.contains)
    return (isOwn ? "" : "spec.template.") + "metadata.annotations[\(key)]"
  }

  /// Whether it declares what the instance holds.
  var declares: Bool { annotations.keys.contains(where: AnnotationKey.declaring.contains) }

  /// What the annotations declare, or their errors.
  var result: DeclarationResult { Declaration.parse(customer: customer, annotations: annotations) }

  private static func annotations(_ object: JSONValue) -> [String: String] {
    object["metadata"]?["annotations"]?.texts ?? [:]
  }

  /// What to do with OpenShift's templates, whose objects are not in a cluster before they are processed; nil where there are
  /// none.
  static func templateHint(among manifests: [Manifest]) -> String? {
    guard let template = manifests.first(where: { $0.kind == "Template" && $0.object["objects"] != nil }) else {
      return nil
    }
    return
      "\(template.file) is a Template of OpenShift: process it first, by oc process -f FILE -o yaml, and read its output from -"
  }

  /// A message for manifests without a labelled one: why there is none, and what to do.
  static func noneFound(among manifests: [Manifest]) -> String {
    let candidates = manifests.filter(serves)
    guard let first = candidates.first else {
      if let hint = templateHint(among: manifests) { return hint }
      return "no Deployment, StatefulSet or Pod is in it; Postern works on those"
    }
    return "nothing has the label \(AnnotationKey.customerLabel); to make \(first.kind) \(first.name) a customer's"
      + " Postgres, add \"\(AnnotationKey.customerLabel): <name>\" to its metadata.labels"
  }
}
