import Declarations
import JSONBytes

/// The files that a container has in the folders of scripts that the image runs on an empty data folder.
struct InitFolder {
  /// The image's folders, in the order in which it runs what is in them.
  private static func paths(of family: ImageFamily) -> [String] {
    let path = "/docker-entrypoint-initdb.d"
    return switch family {
    case .sclorg: ["/opt/app-root/src/postgresql-init"]
    case .supabase: [path, "\(path)/init-scripts", "\(path)/migrations"]
    case .official, .bitnami, .kartoza, .sameersbn, .patroni, .spilo: [path]
    }
  }

  struct File {
    /// Its name in the folder, by which the image orders them.
    let name: String
    let kind: MountedSource.Kind
    let object: String
    let key: String
    let text: String
    /// The folder's place among the image's.
    fileprivate let folder: Int

    /// For people.
    var place: String { "\(object)/\(key)" }
  }

  /// In the order in which the image runs them.
  private(set) var files: [File] = []
  /// What cannot be read, for people.
  private(set) var remarks: [String] = []
  /// Whether anything is mounted there.
  private(set) var isMounted = false
  /// The first of the image's folders.
  let path: String
  private let folders: [[String]]

  init(
    of container: JSONValue, _ family: ImageFamily, in pod: JSONValue, _ objects: MigratedObjects, namespace: String
  ) {
    let paths = Self.paths(of: family)
    (path, folders) = (paths[0], paths.map(MountedSource.parts))
    for mount in container["volumeMounts"]?.array ?? [] {
      let place = MountedSource.parts(mount["mountPath"]?.string ?? "")
      guard place.starts(with: folders[0]),
        let volume = pod["spec"]?["volumes"]?.array?.first(where: { $0["name"] == mount["name"] })
      else { continue }
      isMounted = true
      let sources = [volume] + (volume["projected"]?["sources"]?.array ?? [])
      let objectsOfVolume = sources.compactMap(Self.source)
      if objectsOfVolume.isEmpty {
        remarks.append(
          "volume \(mount["name"]?.string ?? ""), mounted at \(path), is no ConfigMap and no Secret; its scripts were not read"
        )
      }
      let chosen = MountedSource.parts(mount["subPath"]?.string ?? mount["subPathExpr"]?.string ?? "")
      for (kind, object, items) in objectsOfVolume {
        take(kind, object, items, chosen, at: place, objects, namespace)
      }
    }
    files.sort {
      $0.folder == $1.folder ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.folder < $1.folder
    }
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
        "\(kind.noun) \(object), mounted at \(path), is in none of the files; its scripts were not read")
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
      let file = place + parts.dropFirst(chosen.count)
      guard let last = file.last, Self.isScript(last) else { continue }
      guard let folder = folders.firstIndex(where: { $0.elementsEqual(file.dropLast()) }) else {
        remarks.append("\(object)/\(key) is in a folder below \(path), where the image runs nothing")
        continue
      }
      guard last.hasSuffix(".sql") || last.hasSuffix(".sh") else {
        remarks.append("\(object)/\(key) is compressed, and was not read")
        continue
      }
      files.append(File(name: last, kind: kind, object: object, key: key, text: text, folder: folder))
    }
  }

  /// What the image runs; it ignores all else.
  private static func isScript(_ name: String) -> Bool {
    [".sql", ".sh", ".sql.gz", ".sql.xz", ".sql.zst"].contains { name.hasSuffix($0) }
  }
}
