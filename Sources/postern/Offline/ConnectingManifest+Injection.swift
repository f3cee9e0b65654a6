import Contract
import JSONBytes

extension ConnectingManifest {
  /// The manifest with its connections, as the webhook adds them to Pods.
  func injected(through chain: AdmissionChain) async throws(CommandError) -> (object: JSONValue, warnings: [String]) {
    let admitted = try await admitted(through: chain)
    guard !path.isEmpty else { return (admitted.pod, admitted.warnings) }
    return (Self.replacing(path[...], of: admitted.object, with: admitted.pod), admitted.warnings)
  }

  /// The manifest, and a Pod of it, as the webhook admits them.
  func admitted(
    through chain: AdmissionChain
  ) async throws(CommandError) -> (object: JSONValue, pod: JSONValue, warnings: [String]) {
    var warnings: [String] = []
    func admitted(_ object: JSONValue) async throws(CommandError) -> JSONValue {
      switch try await chain.admit(object, namespace: manifest.namespace) {
      case .denied(let denial): throw CommandError(denied: manifest, denial)
      case .admitted(let object, let given):
        warnings += given.filter { !warnings.contains($0) }
        return object
      }
    }
    let object = try await admitted(manifest.object)
    return (object, path.isEmpty ? object : try await admitted(pod), warnings)
  }

  /// A Pod of the template.
  private var pod: JSONValue {
    let template = Self.value(at: path, of: manifest.object)
    var metadata = JSONObject()
    metadata["name"] = .string(manifest.name)
    metadata["namespace"] = manifest.object["metadata"]?["namespace"]
    metadata["labels"] = template?["metadata"]?["labels"]
    metadata["annotations"] = template?["metadata"]?["annotations"]
    var pod = JSONObject()
    pod["apiVersion"] = .string("v1")
    pod["kind"] = .string("Pod")
    pod["metadata"] = .object(metadata)
    pod["spec"] = template?["spec"]
    return .object(pod)
  }

  /// The object with a Pod as its template.
  private static func replacing(_ path: ArraySlice<String>, of object: JSONValue, with pod: JSONValue) -> JSONValue {
    guard case .object(var members) = object else { return object }
    if let key = path.first {
      members[key] = members[key].map { replacing(path.dropFirst(), of: $0, with: pod) }
      return .object(members)
    }
    var metadata = JSONObject()
    if case .object(let own)? = members["metadata"] { metadata = own }
    metadata["labels"] = pod["metadata"]?["labels"]
    metadata["annotations"] = pod["metadata"]?["annotations"]
    members["metadata"] = .object(metadata)
    members["spec"] = pod["spec"]
    return .object(members)
  }
}
