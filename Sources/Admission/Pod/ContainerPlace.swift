import JSONPatch

/// Where a container is in a Pod.
struct ContainerPlace: CustomStringConvertible {
  /// Whether it is a native sidecar, among the init containers.
  let isInit: Bool
  let index: Int

  /// As fields of objects are written.
  var description: String { "spec.\(isInit ? "initContainers" : "containers")[\(index)]" }

  var pointer: JSONPointer { list.appending(String(index)) }

  /// The place behind it.
  var next: JSONPointer { list.appending(String(index + 1)) }

  private var list: JSONPointer { (isInit ? ArrayPlace.initContainers : .containers).array }
}
