import Contract
import DatabaseSpec
import Instances
import JSONBytes
import Randomness
import TextEncoding

/// The objects that a cluster with Postern would hold after these manifests were applied: workloads whose Pod templates have
/// the sidecar, and what the controller makes for them.
struct InjectedManifests {
  /// The objects in the order of the files. What is made for a workload comes directly after it.
  private(set) var documents: [InjectedDocument] = []
  /// One line for each warning.
  private(set) var warnings: [String] = []
  /// One line for each workload whose Pods need Secrets that are not printed.
  private(set) var notes: [String] = []

  /// - Throws: where a manifest is refused; the error says all that is wrong in all of them.
  init(_ given: [Manifest], _ choices: InjectionChoices) async throws(CommandError) {
    let manifests = given.settled(in: choices.namespace)
    let own = LocalObjects(manifests)
    let objects = own.merging(LocalObjects(try choices.existingSecrets(for: manifests)))
    let present = PresentObjects(manifests)
    var refusals: [String] = []
    for manifest in manifests {
      documents.append(InjectedDocument(manifest))
      let (mended, faults) = manifest.mended
      let isOurs = LabelledManifest(mended) != nil || !ConnectingManifest.all(in: mended).isEmpty
      for fault in faults {
        let line = "\(manifest.place): \(fault.field): \(fault.message)"
        // Errors in other objects are reported by the API server.
        if isOurs || fault.isMetadata { refusals.append("error: \(line)") } else { warnings.append(line) }
      }
      guard faults.isEmpty else { continue }
      if isOurs, manifest.namespace == Manifest.systemNamespace {
        warnings.append("\(manifest.place): Postern leaves namespace \(manifest.namespace) alone: nothing is added")
      }
      warnings += StrayConnections(manifest).findings.map { "\(manifest.place): \($0.text)" }
      guard let labelled = LabelledManifest(manifest) else {
        do throws(CommandError) {
          let (injected, pods, given) = try await manifest.connected(through: .offline(settings: choices.settings))
          warnings += given.map { "\(manifest.place): \($0)" }
          if injected != manifest.object { documents[documents.count - 1] = InjectedDocument(injected) }
          if !choices.withSecrets {
            notes += note(on: manifest, needed: pods.flatMap(PodSecrets.needed), besides: own)
          }
        } catch {
          refusals += error.lines
        }
        continue
      }
      do throws(CommandError) {
        let instance = try await AdmittedInstance.admit(
          labelled, replacing: nil, through: .offline(settings: choices.settings))
        warnings += instance.warnings.map { "\(manifest.place): \($0)" }
        let injected = instance.injectedWorkload
        if injected != manifest.object { documents[documents.count - 1] = InjectedDocument(injected) }
        guard instance.sidecar != nil, var described = instance.instance else { continue }
        described.isInAnyNamespace = manifest.ownNamespace == nil
        let result = try objects.made(for: described, declaredBy: manifest, generate: Password.generated)
        warnings += result.problems.map { "\(manifest.place): \($0.message)" }
        let made = [result.passwords] + result.lasting
        for object in [result.spec] + (choices.withSecrets ? made : []) {
          let value = object.manifest(base64: { Base64.encoded(Array($0.utf8)) })
          let keepsKeys = object.kind == .secret && object.name != result.passwords.name
          if let document = present.document(for: inNamespace(of: manifest, value), keepsKeys: keepsKeys) {
            documents.append(document)
          } else if object.kind == .configMap {
            let problem = InstanceProblem.notPosterns(.configMap, object.name, InstanceProblem.blocking)
            warnings.append("\(manifest.place): \(problem.message)")
          }
        }
        if let service = result.service {
          if let document = present.document(for: inNamespace(of: manifest, service.manifest())) {
            documents.append(document)
          } else {
            warnings.append(
              "\(manifest.place): Service \"\(service.name)\" is in the files, and is left as it is; "
                + "\(AnnotationKey.service) makes none")
          }
        }
        if !choices.withSecrets {
          notes += note(
            on: manifest, needed: [result.passwords.name] + PodSecrets.needed(by: instance.pod),
            logins: result.users.map(\.name), besides: own)
        }
      } catch {
        refusals += error.lines
      }
    }
    guard refusals.isEmpty else { throw CommandError(status: .refused, lines: refusals) }
    removeEarlierOutput()
  }

  /// Leaves out the output of an earlier run, which the files may contain, so that no object occurs twice.
  private mutating func removeEarlierOutput() {
    let made = Set(documents.filter(\.isMade).map { PresentObjects.Identity($0.object) })
    var seen: Set<PresentObjects.Identity> = []
    documents = documents.filter { document in
      let identity = PresentObjects.Identity(document.object)
      return document.isMade ? seen.insert(identity).inserted : !made.contains(identity)
    }
  }

  private func inNamespace(of manifest: Manifest, _ object: JSONValue) -> JSONValue {
    manifest.ownNamespace == nil ? Self.withoutNamespace(object) : object
  }

  /// The Secrets that are left out and that somebody must provide.
  private func note(
    on manifest: Manifest, needed: [String], logins: [String] = [], besides own: LocalObjects
  ) -> [String] {
    var all: [String] = []
    for name in needed where own.secret(name, namespace: manifest.namespace) == nil && !all.contains(name) {
      all.append(name)
    }
    var parts: [String] = []
    if !all.isEmpty { parts.append("its Pods need \(Self.list(all))") }
    if !logins.isEmpty { parts.append("applications find their logins in \(Self.list(logins))") }
    return parts.isEmpty
      ? [] : ["\(manifest.place): \(parts.joined(separator: "; ")): not printed, as --no-secrets says"]
  }

  private static func list(_ names: [String]) -> String {
    (names.count == 1 ? "Secret " : "Secrets ") + names.joined(separator: ", ")
  }

  /// An object without a namespace, for whatever namespace it is applied to.
  static func withoutNamespace(_ object: JSONValue) -> JSONValue {
    guard case .object(var root) = object, case .object(var metadata)? = root["metadata"] else { return object }
    metadata["namespace"] = nil
    root["metadata"] = .object(metadata)
    return .object(root)
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
