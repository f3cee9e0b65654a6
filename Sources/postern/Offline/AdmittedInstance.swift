import Admission
import Contract
import Instances
import JSONBytes
import KubernetesAPI

/// A workload that the webhook has admitted: as it would be stored, and its Pod with the sidecar.
struct AdmittedInstance {
  let labelled: LabelledManifest
  let workload: JSONValue
  let plainPod: JSONValue
  let pod: JSONValue
  let warnings: [String]

  /// Sends the manifest, and the Pod that its controller would make, through the webhook.
  static func admit(
    _ labelled: LabelledManifest, replacing old: AdmittedInstance?, through chain: AdmissionChain
  ) async throws(CommandError) -> AdmittedInstance {
    let manifest = labelled.manifest
    let workload: JSONValue
    let warnings: [String]
    switch try await chain.admit(manifest.object, old: old?.workload, namespace: manifest.namespace) {
    case .denied(let denial): throw CommandError(denied: manifest, denial)
    case .admitted(let object, let given): (workload, warnings) = (object, given)
    }
    guard manifest.kind != "Pod" || old != nil else {
      return AdmittedInstance(
        labelled: labelled, workload: workload, plainPod: manifest.object, pod: workload, warnings: warnings)
    }
    let plainPod = LabelledManifest.pod(of: manifest.kind == "Pod" ? manifest.object : workload)
    switch try await chain.admit(plainPod, namespace: manifest.namespace) {
    case .denied(let denial): throw CommandError(denied: manifest, denial)
    case .admitted(let pod, let given):
      return AdmittedInstance(
        labelled: labelled, workload: workload, plainPod: plainPod, pod: pod,
        warnings: warnings + given.filter { !warnings.contains($0) })
    }
  }

  /// The injected container.
  var sidecar: JSONValue? {
    pod.podContainer(SidecarContainer.name)
  }

  /// The instance that the controller would see; nil if the workload is left alone.
  var instance: Instance? {
    let manifest = labelled.manifest
    let kind = GroupVersionKind(apiVersion: manifest.apiVersion, kind: manifest.kind)
    guard let declared = DeclaredPostgres(workload, kind: kind, namespace: manifest.namespace) else { return nil }
    return Instance(
      declared, namespace: manifest.namespace,
      workload: .init(apiVersion: manifest.apiVersion, kind: manifest.kind, name: manifest.name))
  }

  /// One line for each thing that the webhook added.
  var additions: [String] {
    var lines: [String] = []
    let isNative =
      pod["spec"]?["initContainers"]?.array?.contains { $0["name"]?.string == SidecarContainer.name } == true
    if let sidecar {
      lines.append(
        "container \"\(SidecarContainer.name)\", a \(isNative ? "native" : "classic") sidecar: \(sidecar["image"]?.string ?? "")"
      )
    }
    for volume in added(in: "volumes") {
      lines.append("volume \"\(volume["name"]?.string ?? "")\": \(Self.sources(of: volume))")
    }
    for container in pod.podContainers {
      let name = container["name"]?.string ?? ""
      let before = plainPod.podContainer(name)
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
