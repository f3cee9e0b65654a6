import Admission
import Controller
import DatabaseSpec
import JSONBytes
import OpenSSL

/// Manifests as a cluster with Postern in it would come to hold them: workloads whose Pod templates have the sidecar,
/// and what the controller makes for them.
struct InjectedManifests {
  /// In the order of the files; what is made for a workload comes after it.
  private(set) var documents: [JSONValue] = []
  /// What is warned of, a line each.
  private(set) var warnings: [String] = []

  /// - Parameter withSecrets: whether the Secrets are among them. A password that is in none of the manifests is made
  ///   anew each time.
  /// - Throws: ``TrialFailure`` where a manifest is refused, with all that is wrong in all of them.
  init(_ manifests: [Manifest], settings: AdmissionSettings, withSecrets: Bool) async throws {
    let objects = LocalObjects(manifests)
    var refusals: [String] = []
    var made: [(object: DesiredObject, value: JSONValue)] = []
    for manifest in manifests {
      documents.append(manifest.object)
      guard let labelled = LabelledManifest(manifest) else { continue }
      do {
        let instance = try await AdmittedInstance.admit(labelled, replacing: nil, through: .offline(settings: settings))
        warnings += instance.warnings.map { "\(manifest.place): \($0)" }
        documents[documents.count - 1] = instance.injectedWorkload
        guard instance.sidecar != nil, let described = instance.instance else { continue }
        let result = try Self.objects(of: described, manifest, objects)
        warnings += result.problems.map { "\(manifest.place): \($0.message)" }
        let all =
          [result.spec] + (withSecrets ? [result.passwords] + [result.admin].compactMap(\.self) + result.users : [])
        for object in all {
          let value = object.manifest(base64: { Encoding.base64(Array($0.utf8)) })
          made.append((object, value))
          documents.append(value)
        }
      } catch let failure as TrialFailure {
        refusals += failure.lines
      }
    }
    guard refusals.isEmpty else { throw TrialFailure(lines: refusals) }
    // What an earlier run printed may be among the files: it is replaced, not doubled.
    documents.removeAll { document in made.contains { $0.object.isNamed(as: document) && $0.value != document } }
    var seen: [JSONValue] = []
    documents.removeAll { document in
      guard made.contains(where: { $0.value == document }) else { return false }
      defer { seen.append(document) }
      return seen.contains(document)
    }
  }

  private static func objects(
    of instance: Instance, _ manifest: Manifest, _ objects: LocalObjects
  ) throws -> InstanceObjects {
    do throws(FlatFileError) {
      return try InstanceObjects.make(
        for: instance, from: objects.sources(namespace: manifest.namespace), generate: Password.generated)
    } catch {
      throw TrialFailure(lines: error.messages.map { "error: \(manifest.place): \($0)" })
    }
  }
}

extension AdmittedInstance {
  /// The workload with its Pod template as the Pod came out; a bare Pod as it came out.
  var injectedWorkload: JSONValue {
    guard labelled.manifest.kind != "Pod", case .object(var root) = workload,
      case .object(var spec)? = root["spec"], case .object(var template)? = spec["template"],
      case .object(var metadata)? = template["metadata"] ?? .object(JSONObject()),
      case .object(var podSpec)? = pod["spec"]
    else { return pod }
    metadata["labels"] = pod["metadata"]?["labels"]
    metadata["annotations"] = pod["metadata"]?["annotations"]
    // A StatefulSet's claims become volumes of its Pods by themselves.
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
  /// Whether a manifest is of the object that this one is to be.
  fileprivate func isNamed(as manifest: JSONValue) -> Bool {
    manifest["kind"]?.string == kind.rawValue && manifest["metadata"]?["name"]?.string == name
      && manifest["metadata"]?["namespace"]?.string ?? "default" == namespace
  }
}
