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
  private(set) var mounts: [Mount] = []
  /// The user that its own `securityContext` names.
  private(set) var user: Int?

  /// A member of `volumeMounts`.
  struct Mount {
    fileprivate(set) var volume = ""
    /// As it is compared.
    fileprivate(set) var path = ""
    /// Whether it is a part of the volume, which may be a file.
    fileprivate(set) var isPart = false
    fileprivate(set) var isReadOnly = false
  }

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
        hasMounts = try reader.elements { reader throws(JSONError) in mounts.append(try Mount(&reader)) }
      } else if reader.matches(key, "securityContext") {
        user = try Identity(&reader).user
      } else {
        try reader.skip()
      }
    }
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
      return MountPath.clean(text)
    case .literal?, .reference?, .computed?: return nil
    }
  }
}

extension ConnectedContainer.Mount {
  fileprivate init(_ reader: inout JSONReader) throws(JSONError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        volume = try reader.optionalText() ?? ""
      } else if reader.matches(key, "mountPath") {
        path = MountPath.clean(try reader.optionalText() ?? "")
      } else if reader.matches(key, "subPath") || reader.matches(key, "subPathExpr") {
        isPart = try reader.optionalText()?.isEmpty == false || isPart
      } else if reader.matches(key, "readOnly") {
        isReadOnly = try reader.optionalBool()
      } else {
        try reader.skip()
      }
    }
  }
}
