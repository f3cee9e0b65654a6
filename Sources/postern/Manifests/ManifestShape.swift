import JSONBytes

/// What Kubernetes takes at a place of a manifest. Listed are those parts of a Pod that Postern reads, and in which people write
/// something else, such as a port in quotes (Kubernetes API reference, PodSpec).
indirect enum ManifestShape: Sendable {
  case number
  case truth
  case list(of: ManifestShape)
  case mapping([String: ManifestShape])
  /// Anything, or what another check looks at.
  case any

  static let workload = mapping(["replicas": number])

  static let pod = mapping([
    "containers": list(of: container), "initContainers": list(of: container), "volumes": list(of: volume),
    "imagePullSecrets": list(of: mapping([:])), "tolerations": list(of: mapping([:])), "hostNetwork": truth,
    "shareProcessNamespace": truth, "automountServiceAccountToken": truth, "terminationGracePeriodSeconds": number,
    "securityContext": securityContext,
  ])

  private static let container = mapping([
    "command": list(of: any), "args": list(of: any), "env": list(of: variable), "envFrom": list(of: mapping([:])),
    "ports": list(of: mapping(["containerPort": number, "hostPort": number])),
    "volumeMounts": list(of: mapping(["readOnly": truth])), "securityContext": securityContext,
    "resources": mapping(["limits": mapping([:]), "requests": mapping([:])]),
  ])

  private static let variable = mapping(["valueFrom": mapping([:])])

  private static let volume = mapping([
    "configMap": source, "secret": source, "emptyDir": mapping([:]), "persistentVolumeClaim": mapping([:]),
    "hostPath": mapping([:]), "projected": mapping(["defaultMode": number, "sources": list(of: mapping([:]))]),
  ])

  private static let source = mapping([
    "defaultMode": number, "optional": truth, "items": list(of: mapping(["mode": number])),
  ])

  private static let securityContext = mapping([
    "runAsUser": number, "runAsGroup": number, "fsGroup": number, "runAsNonRoot": truth, "privileged": truth,
    "readOnlyRootFilesystem": truth, "allowPrivilegeEscalation": truth,
  ])

  /// What is taken there, and how to write it; nil where the value fits.
  private func complaint(about value: JSONValue) -> (expected: String, advice: String)? {
    switch (self, value) {
    case (.any, _), (_, .null), (.number, .number), (.truth, .bool), (.list, .array), (.mapping, .object): nil
    case (.number, .string(let text)) where Int(text) != nil: ("a number", "take the quotes away")
    case (.number, _): ("a number", "write one")
    case (.truth, _): ("true or false", "write one of them, without quotes")
    case (.list, _): ("a list", "write - before each of its entries")
    case (.mapping, _): ("a mapping", "write its keys, each with a colon behind it")
    }
  }

  /// What can stand there in place of a value that does not fit, so that the rest can be read.
  var nothing: JSONValue {
    switch self {
    case .mapping: .object(JSONObject())
    case .list: .array([])
    case .number, .truth, .any: .null
    }
  }

  /// Calls `found` for each value that does not fit.
  func check(
    _ value: JSONValue, at path: [KeyPath.Step],
    _ found: (_ path: [KeyPath.Step], _ shape: Self, _ value: JSONValue, _ expected: String, _ advice: String) -> Void
  ) {
    if let complaint = complaint(about: value) {
      found(path, self, value, complaint.expected, complaint.advice)
      return
    }
    switch (self, value) {
    case (.list(let shape), .array(let elements)):
      for (index, element) in elements.enumerated() { shape.check(element, at: path + [.index(index)], found) }
    case (.mapping(let members), .object(let object)):
      for member in object.members {
        members[member.key]?.check(member.value, at: path + [.key(member.key)], found)
      }
    default: break
    }
  }
}
