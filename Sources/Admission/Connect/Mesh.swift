import JSONBytes
import KubernetesAPI

/// What is seen of a service mesh in a Pod that waits for a database.
struct Mesh {
  /// The proxies, the init containers that lead traffic to them, and those that check whether a plugin of the node's network
  /// (CNI) does.
  private static let proxies: [(proxy: StaticString, redirect: String, check: String)] = [
    (proxy: "istio-proxy", redirect: "istio-init", check: "istio-validation"),
    (proxy: "linkerd-proxy", redirect: "linkerd-init", check: "linkerd-network-validator"),
    (proxy: "kuma-sidecar", redirect: "kuma-init", check: "kuma-validation"),
  ]
  /// Init containers that meshes put before their proxy, where it is an init container that keeps running.
  static let initContainers = Set(proxies.flatMap { [$0.redirect, $0.check] })
  /// All containers of meshes.
  static let containers = initContainers.union(proxyNames)
  private static let proxyNames = proxies.map { "\($0.proxy)" }

  /// Whether a container of this name is a proxy.
  static func isProxy(_ name: String) -> Bool { proxyNames.contains(name) }

  /// The same of a name that is not read yet.
  static func isProxy(_ name: JSONString, _ reader: JSONReader) -> Bool {
    proxies.contains { reader.matches(name, $0.proxy) }
  }

  /// The labels and annotations that ask for a proxy, and their values.
  private static let requests = [
    "sidecar.istio.io/inject": "true", "linkerd.io/inject": "enabled", "kuma.io/sidecar-injection": "enabled",
  ]

  /// The user past whom a plugin of the node's network leads no traffic to the proxy. It leads it there before the proxy
  /// runs, and one that is an ordinary container runs only after the init containers (Istio docs, "Istio CNI",
  /// "Compatibility with application init containers").
  let userBeforeProxy: Int?
  /// Why what waits may wait for ever; nil where nothing is seen of that.
  let warning: String?

  init(_ pod: ConnectedPod, _ metadata: MetadataSlices?, of bytes: [UInt8]) throws(JSONError) {
    let later = Self.proxies.compactMap { proxy, _, check in
      pod.containers.first { $0.name == "\(proxy)" }.map { (container: $0, check: check) }
    }
    userBeforeProxy = later.first { proxy in pod.initContainers.contains { $0.name == proxy.check } }?.container.user
      .flatMap { $0 > 0 ? $0 : nil }
    if !later.isEmpty {
      warning = "postern-wait is not in the mesh, whose proxy runs later: strict mTLS of the database keeps it waiting"
    } else if pod.initContainers.contains(where: { Self.isProxy($0.name) }) {
      warning = nil
    } else {
      let isAskedFor = try [metadata?.labels, metadata?.annotations].map { slice throws(JSONError) in
        try Self.asks(slice, bytes)
      }.contains(true)
      warning =
        isAskedFor
        ? "unless the mesh's proxy is an init container, postern-wait is outside of it: strict mTLS keeps it waiting"
        : nil
    }
  }

  private static func asks(_ slice: JSONSlice?, _ bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let slice else { return false }
    var reader = JSONReader(slice, of: bytes)
    var asks = false
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if let wanted = requests[reader.text(key)] {
        asks = try reader.optionalText() == wanted || asks
      } else {
        try reader.skip()
      }
    }
    return asks
  }
}
