import Admission
import DatabaseSpec
import Declarations
import JSONBytes

/// What the webhook and, for what lies in other objects of the same files, the controller would say of a manifest.
struct OfflineReview {
  private let objects: LocalObjects
  private let chain: AdmissionChain
  private let secretUses: @Sendable (_ namespace: String, _ name: String) -> [SecretUse]

  init(_ manifests: [Manifest]) {
    objects = LocalObjects(manifests)
    var uses: [String: [String: [SecretUse]]] = [:]
    for labelled in manifests.compactMap(LabelledManifest.init) {
      guard let declaration = labelled.declaration else { continue }
      for (secret, use) in SecretUse.all(in: declaration) {
        uses[labelled.manifest.namespace, default: [:]][secret, default: []].append(use)
      }
    }
    let all = uses
    secretUses = { namespace, name in all[namespace]?[name] ?? [] }
    chain = .offline(settings: AdmissionSettings(secretUses: secretUses))
  }

  /// Whether the manifest is a customer's Postgres, or a Secret that Postern takes something from.
  func concerns(_ manifest: Manifest) -> Bool {
    guard manifest.kind == "Secret" else { return LabelledManifest(manifest) != nil }
    return manifest.object["metadata"]?["labels"]?[AnnotationKey.customerLabel] != nil
      || !secretUses(manifest.namespace, manifest.name).isEmpty
  }

  func findings(for manifest: Manifest) async throws -> [Finding] {
    func finding(_ severity: Finding.Severity, _ field: String, _ message: String) -> Finding {
      Finding(severity: severity, manifest: manifest, field: field, message: message)
    }
    func denied(_ denial: AdmissionChain.Denial) -> [Finding] {
      denial.causes.isEmpty
        ? [finding(.error, "", denial.message)] : denial.causes.map { finding(.error, $0.field, $0.message) }
    }
    let admitted: JSONValue
    var findings: [Finding] = []
    switch try await chain.admit(manifest.object, namespace: manifest.namespace) {
    case .denied(let denial): return denied(denial)
    case .admitted(let object, let warnings):
      admitted = object
      findings += warnings.map { finding(.warning, "", $0) }
    }
    guard let labelled = LabelledManifest(manifest) else { return findings }
    if manifest.kind != "Pod",
      case .denied(let denial) = try await chain.admit(
        LabelledManifest.pod(of: admitted), namespace: manifest.namespace)
    {
      return findings + denied(denial)
    }
    return findings + conflicts(of: labelled).map { finding(.error, "", $0) }
  }

  /// What the annotations and a sound flat file say against each other, where that is among the manifests.
  private func conflicts(of labelled: LabelledManifest) -> [String] {
    guard let declaration = labelled.declaration, let source = declaration.usersFrom,
      let bytes = objects.secret(source.name, namespace: labelled.manifest.namespace)?[source.key],
      let file = FlatFile.parse(bytes, source: source).file
    else { return [] }
    return declaration.adding(file).errors.map(\.message)
  }
}
