import Linux
import YAML

/// One kubeconfig.
struct KubeconfigFile {
  let path: String
  /// A mapping.
  let root: YAMLValue

  /// The kubeconfigs that kubectl would read. Of the files that `$KUBECONFIG` names, those that do not exist are left
  /// out, but one must exist.
  static func find(_ path: String?, _ environment: (String) -> String?) throws(ConfigurationError) -> [Self] {
    if let path { return [try Self(path)] }
    var paths: [String] = []
    for path in (environment("KUBECONFIG") ?? "").split(separator: ":").map(String.init) where !paths.contains(path) {
      paths.append(path)
    }
    if paths.isEmpty { paths = [home(environment)] }
    let existing = paths.filter { File.exists($0) }
    return try (existing.isEmpty ? [paths[0]] : existing).map { path throws(ConfigurationError) in try Self(path) }
  }

  /// The kubeconfig where nothing names another.
  static func home(_ environment: (String) -> String?) -> String { "\(environment("HOME") ?? "")/.kube/config" }

  private init(_ path: String) throws(ConfigurationError) {
    let hint = "name a kubeconfig with --kubeconfig or KUBECONFIG"
    let text = String(decoding: try ClusterConfiguration.read(path, hint: hint), as: UTF8.self)
    do throws(YAMLError) {
      // An empty file is a kubeconfig without entries.
      root = try YAMLReader.only(text) ?? YAMLValue(.mapping([]))
    } catch {
      let place = "\(path), line \(error.mark.line)"
      throw ConfigurationError(place: place, reason: "it is no YAML: \(error.problem)", hint: hint)
    }
    guard root.members != nil else {
      throw ConfigurationError(place: path, reason: "it is no YAML mapping", hint: hint)
    }
    self.path = path
  }
}
