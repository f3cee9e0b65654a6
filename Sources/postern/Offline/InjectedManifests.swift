import Admission
import Controller
import DatabaseSpec
import JSONBytes
import TextEncoding

/// The objects that a cluster with Postern would hold after these manifests were applied: workloads whose Pod templates have
/// the sidecar, and what the controller makes for them.
struct InjectedManifests {
  /// The objects in the order of the files. What is made for a workload comes directly after it.
  private(set) var documents: [JSONValue] = []
  /// One line for each warning.
  private(set) var warnings: [String] = []

  /// - Parameter withSecrets: whether Secrets are made. A password that no manifest holds is different each time.
  /// - Throws: where a manifest is refused; the error says all that is wrong in all of them.
  init(_ manifests: [Manifest], settings: AdmissionSettings, withSecrets: Bool) async throws(CommandError) {
    let objects = LocalObjects(manifests)
    var refusals: [String] = []
    var made: [(object: DesiredObject, value: JSONValue)] = []
    for manifest in manifests {
      documents.append(manifest.object)
      guard let labelled = LabelledManifest(manifest) else { continue }
      do throws(CommandError) {
        let instance = try await AdmittedInstance.admit(labelled, replacing: nil, through: .offline(settings: settings))
        warnings += instance.warnings.map { "\(manifest.place): \($0)" }
        documents[documents.count - 1] = instance.injectedWorkload
        guard instance.sidecar != nil, let described = instance.instance else { continue }
        let result = try objects.made(for: described, declaredBy: manifest, generate: Password.generated)
        warnings += result.problems.map { "\(manifest.place): \($0.message)" }
        let all =
          [result.spec] + (withSecrets ? [result.passwords] + [result.admin].compactMap(\.self) + result.users : [])
        for object in all {
          let value = object.manifest(base64: { Base64.encoded(Array($0.utf8)) })
          made.append((object, value))
          documents.append(value)
        }
      } catch {
        refusals += error.lines
      }
    }
    guard refusals.isEmpty else { throw CommandError(status: .refused, lines: refusals) }
    // The files may hold the output of an earlier run: replace it, so that no object comes twice.
    documents.removeAll { document in made.contains { $0.object.isNamed(as: document) && $0.value != document } }
    var seen: [JSONValue] = []
    documents.removeAll { document in
      guard made.contains(where: { $0.value == document }) else { return false }
      defer { seen.append(document) }
      return seen.contains(document)
    }
  }
}

extension AdmittedInstance {
  /// The workload with the injected Pod as its template; for a bare Pod, the injected Pod itself.
  var injectedWorkload: JSONValue {
    guard labelled.manifest.kind != "Pod", case .object(var root) = workload,
      case .object(var spec)? = root["spec"], case .object(var template)? = spec["template"],
      case .object(var metadata)? = template["metadata"] ?? .object(JSONObject()),
      case .object(var podSpec)? = pod["spec"]
    else { return pod }
    metadata["labels"] = pod["metadata"]?["labels"]
    metadata["annotations"] = pod["metadata"]?["annotations"]
    // Kubernetes adds a StatefulSet's claims to its Pods itself, so they must not be in the template.
    let claims = spec["volumeClaimTemplates"]?.array?.compactMap { $0["metadata"]?["name"]?.string } ?? []
    if let volumes = podSpec["volumes"]?.array {
      let own = volumes.filter { volume in !claims.contains(volume["name"]?.string ?? "") }
      podSpec["volumes"] = own.isEmpty ? nil : .array(own)
    }
    template["metadata"] = .object(metadata)
    template["spec"] = .object(podSpec)
    spec["template"] = .object(template)
    root["spec"] = .object(spec)
    return .object(root)
  }
}

extension DesiredObject {
  /// Whether a manifest has this object's kind, name and namespace.
  fileprivate func isNamed(as manifest: JSONValue) -> Bool {
    manifest["kind"]?.string == kind.rawValue && manifest["metadata"]?["name"]?.string == name
      && manifest["metadata"]?["namespace"]?.string ?? "default" == namespace
  }
}
