import Contract
import JSONBytes

extension Manifest {
  /// The manifest with its connections, as the webhook adds them to Pods, and those Pods.
  func connected(
    through chain: AdmissionChain
  ) async throws(CommandError) -> (object: JSONValue, pods: [JSONValue], warnings: [String]) {
    var object: JSONValue?
    var refusals: [String] = []
    var pods: [JSONValue] = []
    var warnings: [String] = []
    for connecting in ConnectingManifest.all(in: self) {
      guard connecting.hasPod else {
        warnings.append(
          "\(KeyPath.text(connecting.path)) is no Pod template: nothing is added there, but by the webhook to Pods")
        continue
      }
      do throws(CommandError) {
        let admitted = try await connecting.admitted(through: chain)
        pods.append(admitted.pod)
        warnings += admitted.warnings.filter { !warnings.contains($0) }
        object = (object ?? admitted.object).replacing(
          connecting.path[...], by: connecting.template(from: admitted.pod))
      } catch {
        refusals += error.lines.filter { !refusals.contains($0) }
      }
    }
    guard refusals.isEmpty else { throw CommandError(status: .refused, lines: refusals) }
    return (object ?? self.object, pods, warnings)
  }
}

extension ConnectingManifest {
  /// The manifest, and a Pod of the template, as the webhook admits them.
  func admitted(
    through chain: AdmissionChain
  ) async throws(CommandError) -> (object: JSONValue, pod: JSONValue, warnings: [String]) {
    var warnings: [String] = []
    func admitted(_ object: JSONValue, _ field: String) async throws(CommandError) -> JSONValue {
      switch try await chain.admit(object, namespace: manifest.namespace) {
      case .denied(let denial): throw CommandError(denied: manifest, denial.below(field))
      case .admitted(let object, let given):
        warnings += given.filter { !warnings.contains($0) }
        return object
      }
    }
    let object = try await admitted(manifest.object, "")
    return (object, path.isEmpty ? object : try await admitted(pod, field), warnings)
  }

  /// A Pod of the template.
  var pod: JSONValue {
    let metadata = JSONValue.members([
      ("name", .string(manifest.name)), ("namespace", manifest.object["metadata"]?["namespace"]),
      ("labels", template?["metadata"]?["labels"]), ("annotations", template?["metadata"]?["annotations"]),
    ])
    return .members([
      ("apiVersion", .string("v1")), ("kind", .string("Pod")), ("metadata", metadata), ("spec", template?["spec"]),
    ])
  }

  /// The template as a Pod of it has become.
  fileprivate func template(from pod: JSONValue) -> JSONValue {
    guard !path.isEmpty, case .object(var members)? = template else { return pod }
    var metadata = JSONObject()
    if case .object(let own)? = members["metadata"] { metadata = own }
    metadata["labels"] = pod["metadata"]?["labels"]
    metadata["annotations"] = pod["metadata"]?["annotations"]
    members["metadata"] = .object(metadata)
    members["spec"] = pod["spec"]
    return .object(members)
  }
}

extension AdmissionChain.Denial {
  /// The same about a part of an object.
  func below(_ field: String) -> Self {
    var denial = Self(message: message, causes: causes.map { Cause(field: field + $0.field, message: $0.message) })
    denial.warnings = warnings
    return denial
  }
}
