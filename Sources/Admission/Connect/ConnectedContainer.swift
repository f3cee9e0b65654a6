import Contract
import JSONBytes
import KubernetesAPI

/// What connecting needs to know of a container.
struct ConnectedContainer {
  private(set) var name = ""
  /// Whether it is an init container that keeps running.
  private(set) var keepsRunning = false
  private(set) var hasEnvironment = false
  private(set) var hasMounts = false
  /// Of variables with one name, the last one counts.
  private(set) var variables: [String: EnvironmentValue] = [:]
  /// The volumes' names, by path.
  private(set) var mounts: [(volume: String, path: String)] = []

  init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "restartPolicy") {
        keepsRunning = try reader.optionalText() == "Always"
      } else if reader.matches(key, "env") {
        variables = [:]
        hasEnvironment = try reader.elements { reader throws(JSONError) in
          if let variable = try EnvironmentVariable(any: &reader) { variables[variable.name] = variable.value }
        }
      } else if reader.matches(key, "volumeMounts") {
        mounts = []
        hasMounts = try reader.elements { reader throws(JSONError) in mounts.append(try Self.mount(&reader)) }
      } else {
        try reader.skip()
      }
    }
  }

  private static func mount(_ reader: inout JSONReader) throws(JSONError) -> (volume: String, path: String) {
    var (volume, path) = ("", "")
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        volume = try reader.optionalText() ?? ""
      } else if reader.matches(key, "mountPath") {
        path = try reader.optionalText() ?? ""
      } else {
        try reader.skip()
      }
    }
    return (volume, path)
  }

  /// Longer texts are no paths (limits.h, PATH_MAX). Each connection's mounts and variables repeat it.
  private static let maximumRootBytes = 1024

  /// The folder of all bindings: the container's own, if it is written in the Pod itself.
  var root: String? {
    switch variables[ServiceBinding.rootVariable] {
    case nil: return ServiceBinding.root
    case .literal(let text)?
    where text.utf8.first == UInt8(ascii: "/") && text.utf8.count <= Self.maximumRootBytes
      && !text.utf8.contains(UInt8(ascii: "$")):
      return Self.withoutTrailingSlashes(text)
    case .literal?, .reference?, .computed?: return nil
    }
  }

  /// A path without slashes at its end: `/a//` is `/a`.
  static func withoutTrailingSlashes(_ path: String) -> String {
    var end = path[...]
    while end.utf8.count > 1, end.utf8.last == UInt8(ascii: "/") { end.removeLast() }
    return String(end)
  }
}
