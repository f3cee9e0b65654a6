import Admission
import FoundationEssentials
import JSONBytes
import Linux

/// Lays out a container's volumes and environment on this machine, as the kubelet would in the Pod.
struct LocalKubelet {
  let folder: URL

  /// The local folders that stand for a container's mounts, and its environment.
  struct Layout: Equatable {
    /// The local folder, by the path in the container.
    var mounts: [(path: String, folder: URL)]
    var environment: [String: String]

    static func == (left: Layout, right: Layout) -> Bool {
      left.environment == right.environment && left.mounts.map(\.path) == right.mounts.map(\.path)
    }

    /// The local path of a path in the container.
    func local(_ path: String) -> String? {
      let path = LocalKubelet.clean(path)
      for mount in mounts where path == mount.path || path.hasPrefix(mount.path + "/") {
        return mount.folder.path + path.dropFirst(mount.path.count)
      }
      return nil
    }
  }

  /// A path as the kubelet compares it, that of the root without its slash.
  static func clean(_ path: String) -> String {
    let clean = MountPath.clean(path)
    return clean == "/" ? "" : clean
  }

  /// The Secrets and keys that the container needs and that no manifest has.
  /// - Parameter expected: variables of which `envFrom` should define one, if nothing else does.
  static func missingSecrets(
    of container: JSONValue, in pod: JSONValue, objects: LocalObjects, namespace: String, expected: [String] = []
  ) -> [(name: String, keys: [String])] {
    var missing: [(name: String, keys: [String])] = []
    func need(_ name: String?, _ keys: [String], optional: JSONValue?) {
      guard let name, optional != .bool(true) else { return }
      let absent = keys.filter { objects.secret(name, namespace: namespace)?[$0] == nil }
      if !absent.isEmpty { missing.append((name, absent)) }
    }
    for mount in mounts(of: container, in: pod, environment: [:]) {
      if let secret = mount.volume["secret"] {
        let files = values(of: container).compactMap(mount.file)
        let keys = files.map { file in
          secret["items"]?.array?.first { $0["path"]?.string == file }?["key"]?.string ?? file
        }
        need(secret["secretName"]?.string, keys, optional: secret["optional"])
      }
      for source in mount.volume["projected"]?["sources"]?.array ?? [] {
        let keys = source["secret"]?["items"]?.array?.compactMap { $0["key"]?.string } ?? []
        need(source["secret"]?["name"]?.string, keys, optional: source["secret"]?["optional"])
      }
    }
    for variable in container["env"]?.array ?? [] {
      let reference = variable["valueFrom"]?["secretKeyRef"]
      need(
        reference?["name"]?.string, [reference?["key"]?.string].compactMap { $0 }, optional: reference?["optional"])
    }
    let given = (container["env"]?.array ?? []).compactMap { $0["name"]?.string }
    guard !expected.contains(where: { given.contains($0) || given.contains("\($0)_FILE") }),
      let variable = expected.first
    else { return missing }
    for source in container["envFrom"]?.array ?? [] {
      guard let name = source["secretRef"]?["name"]?.string, objects.secret(name, namespace: namespace) == nil else {
        continue
      }
      need(
        name, [String(variable.trimmingPrefix(source["prefix"]?.string ?? ""))],
        optional: source["secretRef"]?["optional"])
    }
    return missing
  }

  /// Writes the volumes. Each changes in one step, by its link `..data`, so a reader sees either all old or all new files.
  func layOut(
    _ container: JSONValue, in pod: JSONValue, objects: LocalObjects, namespace: String
  ) throws -> Layout {
    let variables = LocalVariables(pod: pod, objects: objects, namespace: namespace).environment(of: container)
    var mounts: [(path: String, folder: URL)] = []
    for mount in Self.mounts(of: container, in: pod, environment: variables) {
      let volumeFolder = folder.appending(path: "volumes").appending(path: mount.volume["name"]?.string ?? "volume")
      try FileManager.default.createDirectory(at: volumeFolder, withIntermediateDirectories: true)
      if let files = Self.files(of: mount.volume, objects: objects, namespace: namespace) {
        try Self.publish(files, in: volumeFolder)
      }
      mounts.append((mount.path, mount.subPath.isEmpty ? volumeFolder : volumeFolder.appending(path: mount.subPath)))
    }
    var layout = Layout(mounts: mounts.sorted { $0.path.count > $1.path.count }, environment: [:])
    layout.environment = variables.mapValues { layout.local($0) ?? $0 }
    return layout
  }

  private static func values(of container: JSONValue) -> [String] {
    (container["env"]?.array ?? []).compactMap { $0["value"]?.string }
  }

  /// A volume, or a path in it, and its path in the container.
  private struct Mount {
    let path: String
    let subPath: String
    let volume: JSONValue

    /// The path in the volume of a path in the container; nil where it is not in this volume.
    func file(_ path: String) -> String? {
      let path = LocalKubelet.clean(path)
      guard path == self.path || path.hasPrefix(self.path + "/") else { return nil }
      return (subPath.split(separator: "/") + path.dropFirst(self.path.count).split(separator: "/")).joined(
        separator: "/")
    }
  }

  private static func mounts(
    of container: JSONValue, in pod: JSONValue, environment: [String: String]
  ) -> [Mount] {
    (container["volumeMounts"]?.array ?? []).compactMap { mount in
      guard let path = mount["mountPath"]?.string,
        let volume = pod["spec"]?["volumes"]?.array?.first(where: { $0["name"] == mount["name"] })
      else { return nil }
      let expression = mount["subPathExpr"]?.string.map { LocalVariables.expanded($0, environment) }
      return Mount(path: clean(path), subPath: mount["subPath"]?.string ?? expression ?? "", volume: volume)
    }
  }

  /// The files of a volume by path; nil if the volume is not a Secret, a ConfigMap or a projection of those.
  private static func files(of volume: JSONValue, objects: LocalObjects, namespace: String) -> [String: [UInt8]]? {
    if let secret = volume["secret"], let name = secret["secretName"]?.string {
      return picked(secret["items"], from: objects.secret(name, namespace: namespace) ?? [:])
    }
    if let configMap = volume["configMap"], let name = configMap["name"]?.string {
      return picked(configMap["items"], from: objects.configMap(name, namespace: namespace) ?? [:])
    }
    guard let sources = volume["projected"]?["sources"]?.array else { return nil }
    var files: [String: [UInt8]] = [:]
    for source in sources {
      let values: [String: [UInt8]]?
      if let name = source["secret"]?["name"]?.string {
        values = objects.secret(name, namespace: namespace)
      } else if let name = source["configMap"]?["name"]?.string {
        values = objects.configMap(name, namespace: namespace)
      } else {
        values = nil
      }
      let items = source["secret"]?["items"] ?? source["configMap"]?["items"]
      files.merge(picked(items, from: values ?? [:])) { _, later in later }
    }
    return files
  }

  private static func picked(_ items: JSONValue?, from values: [String: [UInt8]]) -> [String: [UInt8]] {
    guard let items = items?.array else { return values }
    var files: [String: [UInt8]] = [:]
    for item in items {
      if let key = item["key"]?.string, let path = item["path"]?.string { files[path] = values[key] }
    }
    return files
  }

  /// Writes a new folder, then points the link `..data` to it by one rename, as the kubelet does.
  private static func publish(_ files: [String: [UInt8]], in folder: URL) throws {
    let manager = FileManager.default
    let name = "..\(UUID().uuidString)"
    let version = folder.appending(path: name)
    for (path, bytes) in files {
      let file = version.appending(path: path)
      try manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    try manager.createDirectory(at: version, withIntermediateDirectories: true)
    let link = folder.appending(path: "..data")
    let previous = try? manager.destinationOfSymbolicLink(atPath: link.path)
    let fresh = folder.appending(path: "..data_tmp")
    try? manager.removeItem(at: fresh)
    try manager.createSymbolicLink(atPath: fresh.path, withDestinationPath: name)
    try File.move(fresh.path, to: link.path)
    for entry in Set(files.keys.compactMap { $0.split(separator: "/").first.map(String.init) }) {
      let visible = folder.appending(path: entry)
      if (try? manager.destinationOfSymbolicLink(atPath: visible.path)) == nil {
        try manager.createSymbolicLink(atPath: visible.path, withDestinationPath: "..data/\(entry)")
      }
    }
    if let previous { try? manager.removeItem(at: folder.appending(path: previous)) }
  }
}
