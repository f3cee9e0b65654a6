import JSONBytes
import KubernetesAPI

/// A Pod's `spec`, as far as injection depends on it.
struct PodContainers {
  static let hostNetworkWarning =
    "left alone: with hostNetwork, loopback is the node's, and the sidecar would share it"

  private(set) var containers: [Container] = []
  private(set) var volumeNames: [String] = []
  private(set) var identity = Identity()
  let usesHostNetwork: Bool
  let hasInitContainers: Bool
  let hasVolumes: Bool
  private var initContainerNames: [String] = []

  init(_ spec: PodSpecSlices, of bytes: [UInt8]) throws(JSONError) {
    usesHostNetwork = try spec.usesHostNetwork(bytes)
    hasInitContainers = spec.initContainers != nil
    hasVolumes = spec.volumes != nil
    if let slice = spec.containers {
      var reader = JSONReader(slice, of: bytes)
      _ = try reader.elements { reader throws(JSONError) in containers.append(try Container(&reader)) }
    }
    initContainerNames = try Self.names(spec.initContainers, of: bytes)
    volumeNames = try Self.names(spec.volumes, of: bytes)
    if let slice = spec.securityContext {
      var reader = JSONReader(slice, of: bytes)
      identity = try Identity(&reader)
    }
  }

  /// Whether a container has the sidecar's name.
  var hasSidecar: Bool {
    initContainerNames.contains(Injection.containerName) || containers.contains { $0.name == Injection.containerName }
  }

  /// The user's own containers and volumes that have names of the sidecar's.
  func nameClashes(field: String) -> [StatusCause] {
    let lists: [(String, [String], [String])] = [
      ("containers", containers.map(\.name), [Injection.containerName]),
      ("initContainers", initContainerNames, [Injection.containerName]),
      ("volumes", volumeNames, [Injection.volumeName, Injection.statusVolumeName, Injection.adminVolumeName]),
    ]
    return lists.flatMap { list, names, reserved in
      names.enumerated().filter { reserved.contains($0.element) }.map { index, name in
        StatusCause(
          .valueDuplicate, field: "\(field)spec.\(list)[\(index)].name",
          message: "\"\(name)\" is the name of what Postern adds to the Pod; give yours another one")
      }
    }
  }

  private static func names(_ slice: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> [String] {
    guard let slice else { return [] }
    var names: [String] = []
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      var name = ""
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "name") { name = try reader.optionalText() ?? "" } else { try reader.skip() }
      }
      names.append(name)
    }
    return names
  }
}

extension PodSpecSlices {
  /// Whether the Pod shares the node's network.
  func usesHostNetwork(_ bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let hostNetwork else { return false }
    var reader = JSONReader(hostNetwork, of: bytes)
    return try reader.bool()
  }
}
