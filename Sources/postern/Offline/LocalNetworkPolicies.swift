import Contract
import JSONBytes

/// The NetworkPolicies of a set of manifests, as far as they decide whether the controller reaches the sidecars. Charts
/// come with one that lets clients in at Postgres's port alone (Kubernetes docs, "Network Policies").
struct LocalNetworkPolicies {
  private let byNamespace: [String: [Manifest]]

  init(_ manifests: [Manifest]) {
    byNamespace = Dictionary(
      grouping: manifests.filter {
        $0.kind == "NetworkPolicy" && $0.apiVersion.hasPrefix("networking.k8s.io/")
      }, by: \.namespace)
  }

  /// What to tell of a Pod with a sidecar that no NetworkPolicy lets the controller ask; nil where one may, or none isolates
  /// the Pod.
  func warning(of pod: JSONValue, in namespace: String) -> String? {
    guard let policies = byNamespace[namespace], let port = Self.statusPort(of: pod) else { return nil }
    let isolating = policies.filter { Self.isolates($0.object["spec"], pod["metadata"]?["labels"]) }
    guard let first = isolating.first, !isolating.contains(where: { Self.lets($0.object["spec"], port) }) else {
      return nil
    }
    return
      "NetworkPolicy \"\(first.name)\" keeps the controller out of the sidecar's port \(port): it does not learn "
      + "whether Postgres holds what is declared; allow it from Postern's namespace, or set \(AnnotationKey.statusPort): "
      + StatusPort.none
  }

  /// The port of the sidecar's status; nil where it has none.
  private static func statusPort(of pod: JSONValue) -> Int? {
    let sidecar = pod.podContainer(SidecarContainer.name)
    return (sidecar?["ports"]?.array ?? []).first { $0["name"]?.string == StatusPort.name }
      .flatMap { $0["containerPort"]?.integer }
  }

  /// Whether a policy is about what comes in to a Pod with these labels.
  private static func isolates(_ spec: JSONValue?, _ labels: JSONValue?) -> Bool {
    if let types = spec?["policyTypes"]?.array, !types.contains(where: { $0.string == "Ingress" }) { return false }
    let selector = spec?["podSelector"]
    if case .object(let wanted)? = selector?["matchLabels"] {
      for member in wanted.members where labels?[member.key]?.string != member.value.string { return false }
    }
    return (selector?["matchExpressions"]?.array ?? []).allSatisfy { expression in
      let own = expression["key"]?.string.flatMap { labels?[$0]?.string }
      let isIn = own.map { own in (expression["values"]?.array ?? []).contains { $0.string == own } } ?? false
      return switch expression["operator"]?.string {
      case "In": isIn
      case "NotIn": !isIn
      case "Exists": own != nil
      case "DoesNotExist": own == nil
      default: false
      }
    }
  }

  /// Whether a rule of the policy may let somebody of another namespace in at this port.
  private static func lets(_ spec: JSONValue?, _ port: Int) -> Bool {
    (spec?["ingress"]?.array ?? []).contains { rule in
      let ports = rule["ports"]?.array ?? []
      let peers = rule["from"]?.array ?? []
      return (ports.isEmpty || ports.contains { isPort($0, port) })
        && (peers.isEmpty || peers.contains { $0["namespaceSelector"] != nil || $0["ipBlock"] != nil })
    }
  }

  private static func isPort(_ rule: JSONValue, _ port: Int) -> Bool {
    guard rule["protocol"]?.string ?? "TCP" == "TCP" else { return false }
    guard let first = rule["port"] else { return true }
    guard let number = first.integer else { return first.string == StatusPort.name }
    return (number...max(number, rule["endPort"]?.integer ?? number)).contains(port)
  }
}
