import Admission
import Controller
import DatabaseSpec
import Declarations
import JSONBytes
import OpenSSL

/// What has come through the webhook: the workload as it would be stored, and its Pod with the sidecar in it.
struct AdmittedInstance {
  let labelled: LabelledManifest
  let workload: JSONValue
  let plainPod: JSONValue
  let pod: JSONValue
  let warnings: [String]
  let declaration: Declaration

  /// Sends the manifest, and the Pod that its controller would make, through the webhook.
  static func admit(
    _ labelled: LabelledManifest, replacing old: AdmittedInstance?, through chain: AdmissionChain
  ) async throws -> AdmittedInstance {
    let manifest = labelled.manifest
    let workload: JSONValue
    let warnings: [String]
    switch try await chain.admit(manifest.object, old: old?.workload, namespace: manifest.namespace) {
    case .denied(let denial): throw TrialFailure(denied: manifest, denial)
    case .admitted(let object, let given): (workload, warnings) = (object, given)
    }
    let parsed = Declaration.parse(customer: labelled.customer, annotations: labelled.annotations)
    guard let declaration = parsed.declaration else {
      throw TrialFailure(lines: parsed.errors.map { "error: \($0.message)" })
    }
    guard manifest.kind != "Pod" || old != nil else {
      return AdmittedInstance(
        labelled: labelled, workload: workload, plainPod: manifest.object, pod: workload, warnings: warnings,
        declaration: declaration)
    }
    let plainPod = LabelledManifest.pod(of: manifest.kind == "Pod" ? manifest.object : workload)
    switch try await chain.admit(plainPod, namespace: manifest.namespace) {
    case .denied(let denial): throw TrialFailure(denied: manifest, denial)
    case .admitted(let pod, let given):
      return AdmittedInstance(
        labelled: labelled, workload: workload, plainPod: plainPod, pod: pod, warnings: warnings + given,
        declaration: declaration)
    }
  }

  /// The injected container.
  var sidecar: JSONValue? {
    let containers = (pod["spec"]?["initContainers"]?.array ?? []) + (pod["spec"]?["containers"]?.array ?? [])
    return containers.first { $0["name"]?.string == "postern" }
  }

  /// What the controller is told of it.
  func described(port: Int) -> Instance {
    let manifest = labelled.manifest
    return Instance(
      namespace: manifest.namespace,
      workload: .init(apiVersion: manifest.apiVersion, kind: manifest.kind, name: manifest.name),
      declaration: declaration, port: port,
      usesGeneratedAdmin: mounts(secret: ObjectName.admin(customer: labelled.customer)))
  }

  /// A password for a user who has none yet.
  static func generatedPassword() -> Password? {
    (try? SecureRandom.password()).flatMap { try? Password($0) }
  }

  /// Whether the Pod has a volume of this Secret.
  private func mounts(secret name: String) -> Bool {
    (pod["spec"]?["volumes"]?.array ?? []).contains { volume in
      volume["secret"]?["secretName"]?.string == name
        || (volume["projected"]?["sources"]?.array ?? []).contains { $0["secret"]?["name"]?.string == name }
    }
  }

  /// What the webhook added, a line each.
  var additions: [String] {
    var lines: [String] = []
    let isNative = pod["spec"]?["initContainers"]?.array?.contains { $0["name"]?.string == "postern" } == true
    if let sidecar {
      lines.append(
        "container \"postern\", a \(isNative ? "native" : "classic") sidecar: \(sidecar["image"]?.string ?? "")")
    }
    for volume in added(in: "volumes") {
      lines.append("volume \"\(volume["name"]?.string ?? "")\": \(Self.sources(of: volume))")
    }
    for container in pod["spec"]?["containers"]?.array ?? [] {
      let name = container["name"]?.string ?? ""
      let before = plainPod["spec"]?["containers"]?.array?.first { $0["name"]?.string == name }
      let names = Self.names(container["env"]).filter { !Self.names(before?["env"]).contains($0) }
      if before != nil, !names.isEmpty { lines.append("\(names.joined(separator: ", ")) on container \"\(name)\"") }
    }
    return lines
  }

  private func added(in list: String) -> [JSONValue] {
    let before = Self.names(plainPod["spec"]?[list])
    return (pod["spec"]?[list]?.array ?? []).filter { !before.contains($0["name"]?.string ?? "") }
  }

  private static func names(_ list: JSONValue?) -> [String] {
    (list?.array ?? []).compactMap { $0["name"]?.string }
  }

  private static func sources(of volume: JSONValue) -> String {
    if let sources = volume["projected"]?["sources"]?.array {
      let names = sources.compactMap { source -> String? in
        if let name = source["configMap"]?["name"]?.string { return "ConfigMap \(name)" }
        return source["secret"]?["name"]?.string.map { "Secret \($0)" }
      }
      return names.joined(separator: ", ")
    }
    if let name = volume["secret"]?["secretName"]?.string { return "Secret \(name)" }
    return volume["emptyDir"] != nil ? "an empty folder, for its status" : "mounted for it"
  }
}
