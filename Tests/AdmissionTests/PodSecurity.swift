import JSONBytes

/// What the Pod Security Standard "restricted" forbids in a Pod (Kubernetes docs, Pod Security Standards, as of v1.36),
/// one line each: field by field, including what a container inherits from the Pod.
struct RestrictedViolations {
  private(set) var found: Set<String> = []
  private let podContext: JSONValue?

  init(_ pod: JSONValue) {
    let spec = pod["spec"]
    podContext = spec?["securityContext"]
    for field in ["hostNetwork", "hostPID", "hostIPC"] where spec?[field] == .bool(true) { found.insert(field) }
    let volumes = [
      "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
    ]
    for volume in spec?["volumes"]?.array ?? [] where !volumes.contains(where: { volume[$0] != nil }) {
      found.insert("volume \(volume["name"]?.string ?? "")")
    }
    for annotation in Self.keys(pod["metadata"]?["annotations"])
    where annotation.hasPrefix("container.apparmor.security.beta.kubernetes.io/") {
      found.insert(annotation)
    }
    check(podContext, of: "pod")
    for list in ["containers", "initContainers", "ephemeralContainers"] {
      for container in spec?[list]?.array ?? [] { check(container) }
    }
  }

  private mutating func check(_ container: JSONValue) {
    let name = container["name"]?.string ?? ""
    let context = container["securityContext"]
    check(context, of: name)
    require(context?["privileged"] != .bool(true), name, "privileged")
    require(context?["allowPrivilegeEscalation"] == .bool(false), name, "allowPrivilegeEscalation")
    require(
      context?["capabilities"]?["drop"]?.array?.contains(.string("ALL")) == true, name, "capabilities.drop")
    require(
      (context?["capabilities"]?["add"]?.array ?? []).allSatisfy { $0.string == "NET_BIND_SERVICE" }, name,
      "capabilities.add")
    require((context?["runAsNonRoot"] ?? podContext?["runAsNonRoot"]) == .bool(true), name, "runAsNonRoot")
    let seccomp = (context?["seccompProfile"] ?? podContext?["seccompProfile"])?["type"]?.string
    require(["RuntimeDefault", "Localhost"].contains(seccomp), name, "seccompProfile")
    require((container["ports"]?.array ?? []).allSatisfy { $0["hostPort"] == nil }, name, "hostPort")
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
      require(
        container[probe]?["httpGet"]?["host"] == nil && container[probe]?["tcpSocket"]?["host"] == nil, name, probe)
    }
  }

  /// What is forbidden in a Pod's own securityContext as well as in a container's.
  private mutating func check(_ context: JSONValue?, of name: String) {
    require(context?["runAsUser"] != .number("0"), name, "runAsUser")
    require(context?["runAsNonRoot"] != .bool(false), name, "runAsNonRoot")
    require(context?["seccompProfile"]?["type"]?.string != "Unconfined", name, "seccompProfile")
    require(context?["procMount"]?.string ?? "Default" == "Default", name, "procMount")
    require(context?["seLinuxOptions"]?["user"] == nil, name, "seLinuxOptions")
    require(context?["windowsOptions"]?["hostProcess"] != .bool(true), name, "hostProcess")
    require((context?["sysctls"]?.array ?? []).isEmpty, name, "sysctls")
    require(
      ["RuntimeDefault", "Localhost", nil].contains(context?["appArmorProfile"]?["type"]?.string), name,
      "appArmorProfile")
  }

  private mutating func require(_ holds: Bool, _ name: String, _ field: String) {
    if !holds { found.insert("\(name): \(field)") }
  }

  private static func keys(_ value: JSONValue?) -> [String] {
    guard case .object(let object)? = value else { return [] }
    return object.members.map(\.key)
  }
}
