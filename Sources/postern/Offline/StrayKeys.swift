import Contract
import Declarations
import JSONBytes

/// Labels and annotations that were meant for Postern and that no webhook sees, because it is called only for objects
/// with the label, and only for the kinds that it supports.
struct StrayKeys {
  private let manifest: Manifest
  private let isLabelled: Bool

  /// The metadata that may have labels and annotations: a workload's, its Pods', and those of a CronJob's Jobs.
  private let places: [[KeyPath.Step]]

  init(_ manifest: Manifest) {
    self.manifest = manifest
    let templates = PodTemplates.paths(in: manifest.object).map { $0 + [.key("metadata")] }
    let fixed = Self.places.map { $0.map(KeyPath.Step.key) }
    places = fixed + templates.filter { !fixed.contains($0) }
    isLabelled = places.contains { place in
      manifest.object.value(at: place[...])?["labels"]?[AnnotationKey.customerLabel] != nil
    }
  }

  private static let places = [
    ["metadata"], ["spec", "template", "metadata"], ["spec", "jobTemplate", "metadata"],
    ["spec", "jobTemplate", "spec", "template", "metadata"],
  ]

  /// Whether it is a workload of a kind that Postern does not support.
  private var isOtherWorkload: Bool {
    !LabelledManifest.serves(manifest)
      && (manifest.object["spec"]?["template"]?["spec"] != nil || manifest.object["spec"]?["jobTemplate"] != nil)
  }

  var findings: [Finding] {
    var findings: [Finding] = []
    if isLabelled, isOtherWorkload {
      findings.append(
        finding(
          .warning, "metadata.labels[\(AnnotationKey.customerLabel)]",
          "Postern serves \(Self.served), and no \(manifest.kind): the label does nothing here; remove it"))
    }
    findings += StrayConnections(manifest).findings
    for place in places {
      let metadata = manifest.object.value(at: place[...])
      let field = KeyPath.text(place)
      for key in Self.keys(metadata?["labels"]) {
        if let message = problem(ofLabel: key) { findings.append(finding(.error, "\(field).labels[\(key)]", message)) }
      }
      for key in Self.keys(metadata?["annotations"]) {
        if let message = problem(ofAnnotation: key) {
          // Who labels everything in a folder means the Postgres in it.
          let isHarmless = isLabelled && isOtherWorkload && Self.known.contains(key)
          findings.append(finding(isHarmless ? .warning : .error, "\(field).annotations[\(key)]", message))
        }
      }
    }
    return findings
  }

  private func finding(_ severity: Finding.Severity, _ field: String, _ message: String) -> Finding {
    Finding(severity: severity, manifest: manifest, field: field, message: message)
  }

  private static func keys(_ object: JSONValue?) -> [String] {
    guard case .object(let object)? = object else { return [] }
    return object.members.map(\.key)
  }

  // MARK: Keys

  private static let labels = [AnnotationKey.customerLabel, AnnotationKey.connectLabel]
  private static let known = AnnotationKey.all + labels
  private static let served = LabelledManifest.kinds.joined(separator: ", ")

  private func problem(ofLabel key: String) -> String? {
    if Self.labels.contains(key) || AnnotationKey.outputs.contains(key) { return nil }
    if AnnotationKey.declaring.contains(key) || key == AnnotationKey.connections {
      return "is an annotation of Postern's; move it to annotations"
    }
    guard let meant = Self.meant(by: key), meant != key else { return nil }
    return Self.labels.contains(meant)
      ? "is no label of Postern's; did you mean \(meant)?"
      : "is no label of Postern's; the annotation is called \(meant)"
  }

  private func problem(ofAnnotation key: String) -> String? {
    if Self.labels.contains(key) { return "is a label; move it to labels" }
    if key == AnnotationKey.connections { return nil }
    if AnnotationKey.outputs.contains(key) || AnnotationKey.ownOutputs.contains(key) { return nil }
    guard let meant = Self.meant(by: key) else {
      return key.hasPrefix(AnnotationKey.prefix) && !isSeenByWebhook ? "is no annotation of Postern's; \(unseen)" : nil
    }
    guard meant == key else {
      // The webhook reports keys that begin with our prefix.
      if key.hasPrefix(AnnotationKey.prefix), isSeenByWebhook { return nil }
      return "is no annotation of Postern's; did you mean \(meant)?"
    }
    // An annotation that turns Postern off needs no label.
    return isSeenByWebhook || key == AnnotationKey.inject ? nil : unseen
  }

  private var isSeenByWebhook: Bool { isLabelled && LabelledManifest.serves(manifest) }

  private var unseen: String {
    LabelledManifest.serves(manifest)
      ? "nothing reads it without the label \(AnnotationKey.customerLabel): add \"\(AnnotationKey.customerLabel): <name>\""
        + " to metadata.labels"
      : "nothing reads it on a \(manifest.kind): Postern serves \(Self.served)"
  }

  /// Our key that this key is, or is similar to; nil where it belongs to somebody else.
  private static func meant(by key: String) -> String? {
    if known.contains(key) { return key }
    if let near = Suggestion.nearest(to: key, among: known) { return near }
    let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return nil }
    let name = known.first { $0 == AnnotationKey.prefix + parts[1] }
    let domain = String(parts[0].split(separator: ".").first ?? "")
    // A domain that differs from ours only in its ending, with a name that differs from ours in at most one letter.
    let isOurs = Suggestion.nearest(to: parts[0], among: ["postern.io"]) != nil || Self.isNear(domain)
    return isOurs ? name ?? Suggestion.nearest(to: AnnotationKey.prefix + parts[1], among: known) : nil
  }

  private static func isNear(_ domain: String) -> Bool {
    Suggestion.nearest(to: domain, among: [Installation.name]) != nil
  }
}
