import JSONBytes

/// The files that a container has in the folder of scripts that the image runs on an empty data folder.
struct InitFolder {
  static let path = "/docker-entrypoint-initdb.d"

  struct File {
    /// Its name in the folder, by which the image orders them.
    let name: String
    let kind: MountedSource.Kind
    let object: String
    let key: String
    let text: String

    /// For people.
    var place: String { "\(object)/\(key)" }
  }

  /// In the order in which the image runs them.
  private(set) var files: [File] = []
  /// What cannot be read, for people.
  private(set) var remarks: [String] = []
  /// Whether anything is mounted there.
  private(set) var isMounted = false

  init(of container: JSONValue, in pod: JSONValue, _ objects: MigratedObjects, namespace: String) {
    for mount in container["volumeMounts"]?.array ?? [] {
      let place = MountedSource.parts(mount["mountPath"]?.string ?? "")
      let folder = MountedSource.parts(Self.path)
      guard place.starts(with: folder),
        let volume = pod["spec"]?["volumes"]?.array?.first(where: { $0["name"] == mount["name"] })
      else { continue }
      isMounted = true
      let sources = [volume] + (volume["projected"]?["sources"]?.array ?? [])
      let objectsOfVolume = sources.compactMap(Self.source)
      if objectsOfVolume.isEmpty {
        remarks.append(
          "volume \(mount["name"]?.string ?? ""), mounted at \(Self.path), is no ConfigMap and no Secret; its scripts were not read"
        )
      }
      let chosen = MountedSource.parts(mount["subPath"]?.string ?? mount["subPathExpr"]?.string ?? "")
      for (kind, object, items) in objectsOfVolume {
        take(kind, object, items, chosen, at: Array(place.dropFirst(folder.count)), objects, namespace)
      }
    }
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func source(_ source: JSONValue) -> (MountedSource.Kind, String, [JSONValue]?)? {
    for kind in [MountedSource.Kind.configMap, .secret] {
      guard let value = source[kind.rawValue], let name = (value["secretName"] ?? value["name"])?.string else {
        continue
      }
      return (kind, name, value["items"]?.array)
    }
    return nil
  }

  private mutating func take(
    _ kind: MountedSource.Kind, _ object: String, _ items: [JSONValue]?, _ chosen: [String], at place: [String],
    _ objects: MigratedObjects, _ namespace: String
  ) {
    guard let data = objects.data(of: kind, object, namespace: namespace) else {
      return remarks.append(
        "\(kind.noun) \(object), mounted at \(Self.path), is in none of the files; its scripts were not read")
    }
    let paths: [(path: String, key: String)] =
      items?.compactMap { item in
        guard let key = item["key"]?.string, let path = item["path"]?.string else { return nil }
        return (path, key)
      } ?? data.keys.sorted().map { ($0, $0) }
    for (path, key) in paths {
      guard let text = data[key] else { continue }
      let parts = MountedSource.parts(path)
      guard parts.starts(with: chosen) else { continue }
      // A file is mounted under the name of the place, a folder's files under their own.
      let name = place + parts.dropFirst(chosen.count)
      guard name.count == 1, let last = name.first else {
        if Self.isScript(name.last ?? "") {
          remarks.append("\(object)/\(key) is in a folder below \(Self.path), where the image runs nothing")
        }
        continue
      }
      guard Self.isScript(last) else { continue }
      guard last.hasSuffix(".sql") || last.hasSuffix(".sh") else {
        remarks.append("\(object)/\(key) is compressed, and was not read")
        continue
      }
      files.append(File(name: last, kind: kind, object: object, key: key, text: text))
    }
  }

  /// What the image runs; it ignores all else.
  private static func isScript(_ name: String) -> Bool {
    [".sql", ".sh", ".sql.gz", ".sql.xz", ".sql.zst"].contains { name.hasSuffix($0) }
  }
}
