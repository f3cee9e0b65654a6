import Admission
import JSONBytes

/// A container's variables, as the kubelet sets them.
struct LocalVariables {
  let pod: JSONValue
  let objects: LocalObjects
  let namespace: String

  /// The variables from `envFrom`, then those of `env` in their order, because a value may refer to an earlier one.
  func environment(of container: JSONValue) -> [String: String] {
    var environment: [String: String] = [:]
    for source in container["envFrom"]?.array ?? [] {
      let prefix = source["prefix"]?.string ?? ""
      for (key, value) in values(of: source) { environment[prefix + key] = String(decoding: value, as: UTF8.self) }
    }
    for variable in container["env"]?.array ?? [] {
      guard let name = variable["name"]?.string else { continue }
      if let source = variable["valueFrom"], source != .null {
        environment[name] = referenced(source) ?? environment[name]
      } else {
        environment[name] = Self.expanded(variable["value"]?.string ?? "", environment)
      }
    }
    return environment
  }

  /// Replaces `$(NAME)` by the variable's value, if it is known, and `$$` by `$` (Kubernetes docs, "Define Dependent
  /// Environment Variables").
  static func expanded(_ text: String, _ environment: [String: String]) -> String {
    VariablePieces(text).reduce(into: "") { result, piece in
      switch piece {
      case .text(let text): result += text
      case .variable(let name): result += environment[name] ?? "$(\(name))"
      }
    }
  }

  private func values(of source: JSONValue) -> [String: [UInt8]] {
    if let name = source["secretRef"]?["name"]?.string { return objects.secret(name, namespace: namespace) ?? [:] }
    if let name = source["configMapRef"]?["name"]?.string {
      return objects.configMap(name, namespace: namespace) ?? [:]
    }
    return [:]
  }

  private func referenced(_ source: JSONValue) -> String? {
    let secret = source["secretKeyRef"]
    if let name = secret?["name"]?.string, let key = secret?["key"]?.string {
      return objects.secret(name, namespace: namespace)?[key].map { String(decoding: $0, as: UTF8.self) }
    }
    let configMap = source["configMapKeyRef"]
    if let name = configMap?["name"]?.string, let key = configMap?["key"]?.string {
      return objects.configMap(name, namespace: namespace)?[key].map { String(decoding: $0, as: UTF8.self) }
    }
    return source["fieldRef"]?["fieldPath"]?.string.flatMap(field)
  }

  /// `metadata.name`, `metadata.labels['app']`, `spec.serviceAccountName`
  private func field(_ path: String) -> String? {
    if path == "metadata.namespace" { return namespace }
    let parts = path.split(separator: "['", maxSplits: 1)
    let value = (parts.first ?? "").split(separator: ".").reduce(Optional(pod)) { $0?[String($1)] }
    guard parts.count == 2 else { return value?.string }
    return value?[String(parts[1].dropLast(2))]?.string
  }
}
