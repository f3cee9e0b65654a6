import Admission
import Controller
import DatabaseSpec
import Declarations
import JSONBytes

/// What the webhook and, for what lies in other objects of the same files, the controller would say of a manifest.
struct OfflineReview {
  let objects: LocalObjects

  func findings(for labelled: LabelledManifest) async throws -> [Finding] {
    let manifest = labelled.manifest
    func finding(_ severity: Finding.Severity, _ field: String, _ message: String) -> Finding {
      Finding(severity: severity, manifest: manifest, field: field, message: message)
    }
    func denied(_ denial: AdmissionChain.Denial) -> [Finding] {
      denial.causes.isEmpty
        ? [finding(.error, "", denial.message)] : denial.causes.map { finding(.error, $0.field, $0.message) }
    }
    let chain = AdmissionChain.offline(settings: AdmissionSettings())
    let admitted: JSONValue
    var findings: [Finding] = []
    switch try await chain.admit(manifest.object, namespace: manifest.namespace) {
    case .denied(let denial): return denied(denial)
    case .admitted(let object, let warnings):
      admitted = object
      findings += warnings.map { finding(.warning, "", $0) }
    }
    if manifest.kind != "Pod",
      case .denied(let denial) = try await chain.admit(
        LabelledManifest.pod(of: admitted), namespace: manifest.namespace)
    {
      return findings + denied(denial)
    }
    return findings + references(of: labelled).map { finding(.error, "", $0) }
  }

  /// What is wrong with the flat file, where it is among the manifests.
  private func references(of labelled: LabelledManifest) -> [String] {
    let parsed = Declaration.parse(customer: labelled.customer, annotations: labelled.annotations)
    guard let declaration = parsed.declaration, let source = declaration.usersFrom,
      let bytes = objects.secret(source.name, namespace: labelled.manifest.namespace)?[source.key]
    else { return [] }
    let (file, problems) = FlatFile.parse(bytes, source: source)
    guard let file else { return problems.map(\.message) }
    return declaration.adding(file).errors.map(\.message)
  }
}
