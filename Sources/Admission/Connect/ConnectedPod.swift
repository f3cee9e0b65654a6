import Contract
import JSONBytes
import KubernetesAPI

/// The parts of a Pod's `spec` that connecting depends on.
struct ConnectedPod {
  /// A volume, and the Secret that it holds.
  struct Volume {
    let name: String
    /// Nil for a volume of another kind.
    let secret: String?
    /// Whether the kubelet makes the folders in it that others are mounted at (Kubernetes src: `MakeNestedMountpoints`).
    let hasFolders: Bool
  }

  let containers: [ConnectedContainer]
  let initContainers: [ConnectedContainer]
  let volumes: [Volume]
  let hasVolumes: Bool
  let hasInitContainers: Bool
  let isWindows: Bool
  /// Whether it resolves names as its node does (Kubernetes docs, "DNS for Services and Pods").
  let asksNode: Bool

  init(_ spec: PodSpecSlices, of bytes: [UInt8]) throws(JSONError) {
    containers = try JSONReader.list(spec.containers, of: bytes, ConnectedContainer.init)
    initContainers = try JSONReader.list(spec.initContainers, of: bytes, ConnectedContainer.init)
    hasInitContainers = spec.initContainers != nil
    hasVolumes = spec.volumes != nil
    volumes = try JSONReader.list(spec.volumes, of: bytes, Volume.init)
    isWindows = try spec.isForWindows(bytes)
    let policy = try Self.text(spec.dnsPolicy, of: bytes) ?? "ClusterFirst"
    let isOnNode = try spec.usesHostNetwork(bytes)
    asksNode = policy == "Default" || policy == "ClusterFirst" && isOnNode
  }

  /// All containers' names, for a comparison.
  var names: [[String]] { [initContainers.map(\.name), containers.map(\.name)] }

  private static func text(_ slice: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> String? {
    guard let slice else { return nil }
    var reader = JSONReader(slice, of: bytes)
    return try reader.optionalText()
  }
}

extension ConnectedPod.Volume {
  fileprivate init(_ reader: inout JSONReader) throws(JSONError) {
    var (name, secret, hasFolders) = ("", String?.none, false)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "secret") || reader.matches(key, "projected") {
        hasFolders = true
        secret = try Self.secret(&reader) ?? secret
      } else {
        hasFolders =
          hasFolders || reader.matches(key, "emptyDir") || reader.matches(key, "configMap")
          || reader.matches(key, "downwardAPI")
        try reader.skip()
      }
    }
    self.init(name: name, secret: secret, hasFolders: hasFolders)
  }

  /// The Secret of a volume, or of a projected volume's first source.
  private static func secret(_ reader: inout JSONReader) throws(JSONError) -> String? {
    guard try reader.entersObject() else { return nil }
    var secret: String?
    while let key = try reader.nextKey() {
      if reader.matches(key, "secretName") {
        secret = try reader.optionalText()
      } else if reader.matches(key, "sources") {
        _ = try reader.elements { reader throws(JSONError) in
          guard try reader.entersObject() else { return }
          while let kind = try reader.nextKey() {
            guard reader.matches(kind, "secret"), let reference = try ObjectReference(.secret, &reader) else {
              if !reader.matches(kind, "secret") { try reader.skip() }
              continue
            }
            secret = secret ?? reference.name
          }
        }
      } else {
        try reader.skip()
      }
    }
    return secret
  }
}
