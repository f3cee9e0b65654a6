import Admission
import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI

/// Reviews manifests as the webhook would. It also finds what the controller would report about other objects in the files.
struct OfflineReview {
  private let objects: LocalObjects
  /// What connections are compared with.
  private let customers: [String: [String: Declaration]]
  /// Decides about the Pods of workloads.
  private let chain: AdmissionChain
  private let chainsOfFiles: [String: AdmissionChain]
  private let secretUses: @Sendable (_ namespace: String, _ name: String) -> [SecretUse]
  /// The manifests as they were probably meant, in their order.
  let manifests: [Manifest]
  /// Errors for which the API server itself would refuse them, and which the webhook does not see.
  private let earlier: [[Finding]]

  init(_ given: [Manifest]) {
    let mended = given.map(\.mended)
    let manifests = mended.map(\.manifest)
    self.manifests = manifests
    earlier = mended.map { manifest, faults in
      faults.map { Finding(severity: .error, manifest: manifest, field: $0.field, message: $0.message) }
        + StrayKeys(manifest).findings
    }
    objects = LocalObjects(manifests)
    customers = Self.customers(manifests, objects)
    var uses: [String: [String: [SecretUse]]] = [:]
    for labelled in manifests.compactMap(LabelledManifest.init) {
      let result = labelled.result
      guard let declaration = result.readable else { continue }
      for (secret, use) in SecretUse.all(in: declaration) {
        uses[labelled.manifest.namespace, default: [:]][secret, default: []].append(use)
      }
    }
    let all = uses
    secretUses = { namespace, name in all[namespace]?[name] ?? [] }
    var settings = AdmissionSettings(secretUses: secretUses)
    let services = Dictionary(grouping: manifests.filter { $0.kind == "Service" && $0.apiVersion == "v1" }) {
      $0.namespace
    }.mapValues { $0.map { ServiceFacts($0.object) } }
    settings.services = { services[$0] ?? [] }
    chain = .offline(settings: settings)
    // The objects of one file are applied together, so they are compared. Another file may replace this one.
    chainsOfFiles = Dictionary(grouping: manifests, by: \.file).mapValues { manifests in
      let declaring = Self.declaring(manifests)
      settings.declaring = { namespace, customer in
        declaring.filter { $0.namespace == namespace && $0.customer == customer }.map(\.object)
      }
      return .offline(settings: settings)
    }
  }

  private static func declaring(
    _ manifests: [Manifest]
  ) -> [(namespace: String, customer: String, object: DeclaringObject)] {
    manifests.compactMap { manifest in
      let kind = GroupVersionKind(apiVersion: manifest.apiVersion, kind: manifest.kind)
      // Without a name, an object cannot be told from itself.
      guard LabelledManifest(manifest) != nil, let name = manifest.object["metadata"]?["name"]?.string,
        let declared = DeclaredPostgres(manifest.object, kind: kind, namespace: manifest.namespace), declared.declares
      else { return nil }
      return (manifest.namespace, declared.customer, DeclaringObject(kind: manifest.kind, name: name))
    }
  }

  /// All findings about the manifests that concern Postern.
  func all() async throws(CommandError) -> (checked: [Manifest], findings: [Finding]) {
    var checked: [Manifest] = []
    var findings: [Finding] = []
    for (manifest, earlier) in zip(manifests, earlier) {
      let isOurs = concerns(manifest)
      guard isOurs || !earlier.isEmpty else { continue }
      checked.append(manifest)
      findings += earlier
      if isOurs { findings += try await self.findings(for: manifest) }
    }
    return (checked, findings)
  }

  /// Whether the manifest is a customer's Postgres, connects to one, or is a Secret that Postern takes something from.
  private func concerns(_ manifest: Manifest) -> Bool {
    guard manifest.kind == "Secret" else {
      return LabelledManifest(manifest) != nil || ConnectingManifest(manifest) != nil
    }
    return manifest.object["metadata"]?["labels"]?[AnnotationKey.customerLabel] != nil
      || !secretUses(manifest.namespace, manifest.name).isEmpty
  }

  private func findings(for manifest: Manifest) async throws(CommandError) -> [Finding] {
    func finding(_ severity: Finding.Severity, _ field: String, _ message: String) -> Finding {
      Finding(severity: severity, manifest: manifest, field: field, message: message)
    }
    func denied(_ denial: AdmissionChain.Denial) -> [Finding] {
      let errors =
        denial.causes.isEmpty
        ? [finding(.error, "", denial.message)] : denial.causes.map { finding(.error, $0.field, $0.message) }
      return errors + denial.warnings.map { finding(.warning, "", $0) }
    }
    let admitted: JSONValue
    var findings: [Finding] = []
    switch try await (chainsOfFiles[manifest.file] ?? chain).admit(manifest.object, namespace: manifest.namespace) {
    case .denied(let denial):
      return denied(denial)
        + (LabelledManifest(manifest).map(conflicts) ?? []).map { finding(.error, "", $0) }
    case .admitted(let object, let warnings):
      admitted = object
      findings += warnings.map { finding(.warning, "", $0) }
    }
    for problem in connectionProblems(of: manifest) { findings.append(finding(.error, problem.field, problem.message)) }
    guard let labelled = LabelledManifest(manifest) else { return findings }
    if manifest.kind != "Pod",
      case .denied(let denial) = try await chain.admit(
        LabelledManifest.pod(of: admitted), namespace: manifest.namespace)
    {
      return findings + denied(denial)
    }
    return findings + conflicts(of: labelled).map { finding(.error, "", $0) }
  }

  /// Connections that cannot work with what the files declare for their customers.
  private func connectionProblems(of manifest: Manifest) -> [(field: String, message: String)] {
    guard let connecting = ConnectingManifest(manifest) else { return [] }
    return connecting.connections.compactMap { connection in
      guard let declaration = customers[manifest.namespace]?[connection.customer],
        let problem = connection.problem(with: declaration)
      else { return nil }
      let field = "\(connecting.field)metadata.annotations[\(AnnotationKey.connections)]\(connection.path)"
      return (field, problem.message)
    }
  }

  /// What the manifests declare, by namespace and customer; without those whose users are not all known.
  private static func customers(_ manifests: [Manifest], _ objects: LocalObjects) -> [String: [String: Declaration]] {
    var customers: [String: [String: Declaration]] = [:]
    for labelled in manifests.compactMap(LabelledManifest.init) {
      guard var declaration = labelled.result.declaration, labelled.declares else { continue }
      let namespace = labelled.manifest.namespace
      if let source = declaration.usersFrom {
        guard let bytes = objects.secret(source.name, namespace: namespace)?[source.key],
          let file = FlatFile.parse(bytes, source: source).file, let merged = declaration.adding(file).declaration
        else { continue }
        declaration = merged
        declaration.usersFrom = nil
      }
      customers[namespace, default: [:]][labelled.customer] = declaration
    }
    return customers
  }

  /// Contradictions between the annotations and the flat file, if the flat file is among the manifests and can be read.
  private func conflicts(of labelled: LabelledManifest) -> [String] {
    let result = labelled.result
    guard let source = result.readable?.usersFrom,
      let bytes = objects.secret(source.name, namespace: labelled.manifest.namespace)?[source.key],
      let file = FlatFile.parse(bytes, source: source).file
    else { return [] }
    return result.conflicts(with: file).map(\.message)
  }
}
