import Contract
import JSONBytes
import KubernetesAPI

/// The parts of a Pod's `spec` that injection depends on. A class, because copies would retain every part of it.
final class PodContainers {
  /// An element of an array whose name begins like the sidecar's names, or is a mesh's proxy's.
  private struct Named {
    let index: Int
    let name: String
  }

  let containers: [Container]
  let identity: Identity
  let hasInitContainers: Bool
  let hasVolumes: Bool
  let hasPullSecrets: Bool
  /// The names in `imagePullSecrets`.
  let pullSecrets: [String]
  /// Whether the Pod's class is Guaranteed, which injection must not change.
  let isGuaranteed: Bool
  /// Whether every container has a limit of CPU.
  let isCPULimited: Bool
  /// The resources of the Pod as a whole, which its containers share: `cpu`, `memory`.
  let sharedResources: Set<String>
  private let initContainers: [Named]
  /// `initContainers`. It is read whole only for the few Pods in which no other container is Postgres.
  private let initSlice: JSONSlice?
  private let bytes: [UInt8]
  private let volumes: [Named]
  /// Of a StatefulSet, whose Pods have a volume for each of them.
  private let claims: [Named]
  /// The ports of init containers, some of which keep running.
  private let initPorts: [Int]

  /// - Parameter claims: `volumeClaimTemplates` of the Pods' StatefulSet.
  init(_ spec: PodSpecSlices, claims: JSONSlice?, of bytes: [UInt8]) throws(JSONError) {
    hasInitContainers = spec.initContainers != nil
    hasVolumes = spec.volumes != nil
    hasPullSecrets = spec.imagePullSecrets != nil
    let containers = try JSONReader.list(spec.containers, of: bytes, Container.init)
    var ports: [Int] = []
    var (isGuaranteed, isCPULimited) = (!containers.isEmpty, !containers.isEmpty)
    func count(_ resources: ContainerResources) {
      isGuaranteed = isGuaranteed && resources.isGuaranteed
      isCPULimited = isCPULimited && resources.isCPULimited
    }
    for container in containers { count(container.resources) }
    initContainers = try Self.named(spec.initContainers, of: bytes, ports: &ports) { count($0) }
    var none: [Int] = []
    volumes = try Self.named(spec.volumes, of: bytes, ports: &none) { _ in }
    self.claims = try Self.named(claims: claims, of: bytes)
    var pullSecrets: [String] = []
    if let slice = spec.imagePullSecrets {
      var reader = JSONReader(slice, of: bytes)
      _ = try reader.elements { reader throws(JSONError) in pullSecrets.append(try Self.name(&reader)) }
    }
    sharedResources =
      if let slice = spec.resources { try Self.read(slice, of: bytes, ContainerResources.init).names } else { [] }
    identity =
      if let slice = spec.securityContext { try Self.read(slice, of: bytes, Identity.init) } else { Identity() }
    (self.containers, self.pullSecrets, initPorts) = (containers, pullSecrets, ports)
    (initSlice, self.bytes) = (spec.initContainers, bytes)
    (self.isGuaranteed, self.isCPULimited) = (isGuaranteed, isCPULimited)
  }

  private static func read<Value>(
    _ slice: JSONSlice, of bytes: [UInt8], _ read: (inout JSONReader) throws(JSONError) -> Value
  ) throws(JSONError) -> Value {
    var reader = JSONReader(slice, of: bytes)
    return try read(&reader)
  }

  /// The init containers, and whether each goes on running (`restartPolicy: Always`).
  func readInitContainers() throws(JSONError) -> [(container: Container, restarts: Bool)] {
    try JSONReader.list(initSlice, of: bytes) { reader throws(JSONError) in
      let slice = try reader.value()
      var members = JSONReader(slice, of: bytes)
      var restarts = false
      try members.beginObject()
      while let key = try members.nextKey() {
        if members.matches(key, "restartPolicy") {
          restarts = try members.optionalText() == "Always"
        } else {
          try members.skip()
        }
      }
      return (try Self.read(slice, of: bytes, Container.init), restarts)
    }
  }

  /// The user of a container of Postern's that runs as no other's. If a namespace assigns users from a range, a fixed user would
  /// be refused, and the image's own is not root either; but the Pod's would be in its place, and a root of the Pod's does not
  /// start.
  /// - Parameter isNamed: whether the container is to name its user.
  func ownUser(isNamed: Bool) -> Int? { isNamed || identity.user == 0 ? SidecarContainer.defaultUser : nil }

  /// Whether a container has the sidecar's name.
  var hasSidecar: Bool {
    initContainers.contains { $0.name == SidecarContainer.name }
      || containers.contains { $0.name == SidecarContainer.name }
  }

  /// Whether a mesh's proxy is in the Pod.
  var hasMeshProxy: Bool {
    initContainers.contains { Mesh.isProxy($0.name) } || containers.contains { Mesh.isProxy($0.name) }
  }

  /// Whether a container declares this port.
  func declares(port: Int) -> Bool { initPorts.contains(port) || containers.contains { $0.declares(port: port) } }

  /// Whether Postgres gets its superuser's password from a volume of the injection.
  var hasAdminVolume: Bool { volumes.contains { $0.name == SidecarContainer.adminVolumeName } }

  /// The user's own containers and volumes that use the sidecar's names.
  func nameClashes(field: String) -> Findings {
    guard hasSidecar || !volumes.isEmpty || !claims.isEmpty else { return Findings() }
    let volumeNames = [
      SidecarContainer.volumeName, SidecarContainer.statusVolumeName, SidecarContainer.adminVolumeName,
    ]
    var findings = Findings()
    func clash(_ place: String, _ name: String) {
      findings.refuse(
        place, "\"\(name)\" is the name of what Postern adds to the Pod; give yours another one", .valueDuplicate)
    }
    for (index, container) in containers.enumerated() where container.name == SidecarContainer.name {
      clash("\(field)spec.containers[\(index)].name", container.name)
    }
    for container in initContainers where container.name == SidecarContainer.name {
      clash("\(field)spec.initContainers[\(container.index)].name", container.name)
    }
    for volume in volumes where volumeNames.contains(volume.name) {
      clash("\(field)spec.volumes[\(volume.index)].name", volume.name)
    }
    for claim in claims where volumeNames.contains(claim.name) {
      clash("spec.volumeClaimTemplates[\(claim.index)].metadata.name", claim.name)
    }
    return findings
  }

  private static func name(_ reader: inout JSONReader) throws(JSONError) -> String {
    var name = ""
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") { name = try reader.optionalText() ?? "" } else { try reader.skip() }
    }
    return name
  }

  private static func named(claims slice: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> [Named] {
    try claimNames(slice, of: bytes).enumerated().filter { $0.element.hasPrefix(SidecarContainer.name) }.map {
      Named(index: $0.offset, name: $0.element)
    }
  }

  /// The names of `volumeClaimTemplates`.
  static func claimNames(_ slice: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> [String] {
    try JSONReader.list(slice, of: bytes) { reader throws(JSONError) in
      var claimName = ""
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "metadata") { claimName = try name(&reader) } else { try reader.skip() }
      }
      return claimName
    }
  }

  private static func named(
    _ slice: JSONSlice?, of bytes: [UInt8], ports: inout [Int], _ takeResources: (ContainerResources) -> Void
  ) throws(JSONError) -> [Named] {
    guard let slice else { return [] }
    var found: [Named] = []
    var index = 0
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      var name: JSONString?
      try reader.beginObject()
      var resources = ContainerResources()
      while let key = try reader.nextKey() {
        if reader.matches(key, "name") {
          name = try reader.optionalString()
        } else if reader.matches(key, "resources") {
          resources = try ContainerResources(&reader)
        } else if reader.matches(key, "ports") {
          _ = try reader.elements { reader throws(JSONError) in
            if let number = try Container.Port(&reader).number { ports.append(number) }
          }
        } else {
          try reader.skip()
        }
      }
      takeResources(resources)
      guard index < JSONReader.maximumElements else { throw JSONReader.tooMany(at: reader) }
      if let name, reader.starts(name, with: SidecarContainer.nameBytes) || Mesh.isProxy(name, reader) {
        found.append(Named(index: index, name: reader.text(name)))
      }
      index += 1
    }
    return found
  }
}

extension PodSpecSlices {
  /// Whether the Pod says that its nodes run Windows, where a Pod may set much less.
  func isForWindows(_ bytes: [UInt8]) throws(JSONError) -> Bool {
    if os == nil, nodeSelector == nil, affinity == nil { return false }
    if try Self.hasMember(os, of: bytes, ["name"], "windows") { return true }
    if try Self.hasMember(nodeSelector, of: bytes, Self.systemLabels, "windows") { return true }
    return try requiresNodesBesideLinux(bytes)
  }

  /// The labels of nodes that name their system (Kubernetes docs, "Well-Known Labels").
  private static let systemLabels = ["kubernetes.io/os", "beta.kubernetes.io/os"]

  private static func hasMember(
    _ slice: JSONSlice?, of bytes: [UInt8], _ names: [String], _ value: String
  ) throws(JSONError) -> Bool {
    guard let slice else { return false }
    var reader = JSONReader(slice, of: bytes)
    guard try reader.entersObject() else { return false }
    var isThere = false
    while let key = try reader.nextKey() {
      if names.contains(reader.text(key)) {
        isThere = try reader.optionalText() == value || isThere
      } else {
        try reader.skip()
      }
    }
    return isThere
  }

  /// Whether each term of the required `nodeAffinity`, of which one must fit, leaves Linux out.
  private func requiresNodesBesideLinux(_ bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let affinity else { return false }
    var slice: JSONSlice? = affinity
    for name in ["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"] {
      guard let object = slice else { return false }
      var reader = JSONReader(object, of: bytes)
      guard try reader.entersObject() else { return false }
      slice = nil
      while let key = try reader.nextKey() {
        if reader.text(key) == name { slice = try reader.optionalValue() } else { try reader.skip() }
      }
    }
    let terms = try JSONReader.list(slice, of: bytes) { reader throws(JSONError) in
      var leavesLinuxOut = false
      try reader.beginObject()
      while let key = try reader.nextKey() {
        guard reader.matches(key, "matchExpressions") else {
          try reader.skip()
          continue
        }
        _ = try reader.elements { reader throws(JSONError) in
          leavesLinuxOut = try Self.leavesLinuxOut(&reader) || leavesLinuxOut
        }
      }
      return leavesLinuxOut
    }
    return !terms.isEmpty && terms.allSatisfy(\.self)
  }

  /// Reads `{key, operator, values}` of a term.
  private static func leavesLinuxOut(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    var (isOfSystem, isIn, isNotIn, hasLinux) = (false, false, false, false)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "key") {
        isOfSystem = try reader.optionalText().map(systemLabels.contains) ?? false
      } else if reader.matches(key, "operator") {
        let text = try reader.optionalText()
        (isIn, isNotIn) = (text == "In", text == "NotIn")
      } else if reader.matches(key, "values") {
        _ = try reader.elements { reader throws(JSONError) in
          hasLinux = try reader.optionalText() == "linux" || hasLinux
        }
      } else {
        try reader.skip()
      }
    }
    return isOfSystem && (isIn && !hasLinux || isNotIn && hasLinux)
  }

  /// Whether the Pod shares the node's network.
  func usesHostNetwork(_ bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let hostNetwork else { return false }
    var reader = JSONReader(hostNetwork, of: bytes)
    return try reader.bool()
  }
}
