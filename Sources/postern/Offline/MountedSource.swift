import Admission
import JSONBytes

/// The key of a Secret or ConfigMap that a container has as a file.
struct MountedSource: Equatable, Sendable {
  enum Kind: String, Sendable {
    case secret, configMap

    /// The kind of the object.
    var noun: String { self == .secret ? "Secret" : "ConfigMap" }
  }

  let kind: Kind
  let object: String
  let key: String

  /// What may be at a path of a container, the likeliest first: of several sources of a volume, the last counts.
  static func all(at path: String, in container: JSONValue, of pod: JSONValue) -> [MountedSource] {
    let mounts = (container["volumeMounts"]?.array ?? []).compactMap { mount -> (path: String, mount: JSONValue)? in
      guard let place = mount["mountPath"]?.string else { return nil }
      let parts = parts(place)
      return Self.parts(path).starts(with: parts) ? (parts.joined(separator: "/"), mount) : nil
    }
    guard let (place, mount) = mounts.max(by: { $0.path.count < $1.path.count }),
      let volume = pod["spec"]?["volumes"]?.array?.first(where: { $0["name"] == mount["name"] })
    else { return [] }
    let rest = parts(mount["subPath"]?.string ?? "") + parts(path).dropFirst(parts(place).count)
    let file = rest.joined(separator: "/")
    var sources = [volume]
    if let projected = volume["projected"]?["sources"]?.array { sources = projected.reversed() }
    return sources.compactMap { source in
      if let secret = source["secret"] { return Self(.secret, secret, file) }
      return source["configMap"].flatMap { Self(.configMap, $0, file) }
    }
  }

  /// A file's whole path, as people write it.
  static var path: Regex<Substring> { /\/[A-Za-z0-9_.\/-]+/ }

  static func parts(_ path: String) -> [String] { MountPath.clean(path).split(separator: "/").map(String.init) }

  private init?(_ kind: Kind, _ source: JSONValue, _ file: String) {
    // A volume has a Secret's name under another key than a projected source has.
    guard let object = (source["secretName"] ?? source["name"])?.string else { return nil }
    let item = source["items"]?.array?.first { $0["path"]?.string == file }
    // Without items, files are named like keys.
    guard let key = source["items"] == nil ? file : item?["key"]?.string, !key.isEmpty, !key.contains("/") else {
      return nil
    }
    (self.kind, self.object, self.key) = (kind, object, key)
  }
}
