import Contract
import JSONBytes

/// The label and the annotation of connections where no Pod has them: the webhook tells of some of that for Kubernetes' own
/// kinds, and of nothing for others, of which it sees the Pods alone.
struct StrayConnections {
  private let manifest: Manifest
  private let templates: [[KeyPath.Step]]
  private let others: [[KeyPath.Step]]

  init(_ manifest: Manifest) {
    self.manifest = manifest
    templates = PodTemplates.paths(in: manifest.object).map { $0 + [.key("metadata")] }
    others = PodTemplates.otherMetadata(in: manifest.object)
  }

  private static let own = [KeyPath.Step.key("metadata")]
  private static let (label, annotation) = (AnnotationKey.connectLabel, AnnotationKey.connections)

  private func hasLabel(_ place: [KeyPath.Step]) -> Bool {
    manifest.object.value(at: place[...])?["labels"]?[Self.label] != nil
  }

  private func hasAnnotation(_ place: [KeyPath.Step]) -> Bool {
    manifest.object.value(at: place[...])?["annotations"]?[Self.annotation] != nil
  }

  var findings: [Finding] {
    let isReviewed = PodTemplates.isReviewed(manifest.object)
    let places = templates + others
    // Where the label is, the webhook says what is wrong.
    if isReviewed, (places + [Self.own]).contains(where: hasLabel) { return [] }
    var findings = places.filter { hasAnnotation($0) && !hasLabel($0) }.map { place in
      finding(
        .error, place,
        "nothing reads it without the label \(Self.label): add \"\(Self.label): <customer>\" to \(KeyPath.text(place)).labels"
      )
    }
    guard !templates.contains(Self.own) else { return findings }
    if hasAnnotation(Self.own), !places.contains(where: hasAnnotation) {
      findings.append(
        finding(
          isOfKubernetes && places.isEmpty || isReviewed ? .error : .warning, Self.own,
          places.isEmpty && isOfKubernetes
            ? "nothing reads it on a \(manifest.kind), which has no Pods; move it to the Pods' template"
            : "\(notInherited("annotations")), with the label \(Self.label) beside it"))
    }
    if !isReviewed, hasLabel(Self.own), !places.contains(where: hasLabel), !(places.isEmpty && isOfKubernetes) {
      findings.append(
        Finding(
          severity: .warning, manifest: manifest, field: "metadata.labels[\(Self.label)]",
          message: "\(notInherited("labels")), with the annotation \(Self.annotation) beside it"))
    }
    return findings
  }

  /// Kinds that Kubernetes itself defines have Pods only where ``PodTemplates`` finds them.
  private var isOfKubernetes: Bool { !manifest.group.contains(".") || manifest.group.hasSuffix(".k8s.io") }

  private func notInherited(_ what: String) -> String {
    let place = (templates + others).first.map { "\(KeyPath.text($0)).\(what)" }
    return "the Pods of a \(manifest.kind) need not have its \(what): write it "
      + (place.map { "in \($0)" } ?? "where they have theirs from")
  }

  private func finding(_ severity: Finding.Severity, _ place: [KeyPath.Step], _ message: String) -> Finding {
    Finding(
      severity: severity, manifest: manifest, field: "\(KeyPath.text(place)).annotations[\(Self.annotation)]",
      message: message)
  }
}
