import Linux
import YAML

/// One kubeconfig, read as kubectl reads it, by sigs.k8s.io/yaml: the first document counts, merge keys are replaced by
/// what they add, and of several members with one key the last counts.
struct KubeconfigFile {
  let path: String
  /// A mapping.
  private let root: YAMLValue

  /// The most values in one file. Values that aliases repeat count each time.
  private static let maximumValues = 1_000_000

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
    self.path = path
    let another = "name another kubeconfig with --kubeconfig or KUBECONFIG"
    let bytes = try ClusterConfiguration.read(path, hint: "name a kubeconfig with --kubeconfig or KUBECONFIG")
    let value: YAMLValue?
    do throws(YAMLError) {
      var reader = try YAMLReader(bytes)
      value = try reader.next()?.merged(maximumValues: Self.maximumValues)
    } catch {
      let correction = error.kind == .character ? "save it as UTF-8, without control characters" : "correct the line"
      throw ConfigurationError(
        place: "\(path), line \(error.mark.line)", reason: "it is no YAML: \(error.problem)",
        hint: "\(correction), or \(another)")
    }
    // A file without a value is a kubeconfig without entries.
    root = value.flatMap { $0.isNull ? nil : $0 } ?? YAMLValue(.mapping([]))
    guard root.members != nil else {
      throw ConfigurationError(place: path, reason: "it is no YAML mapping", hint: another)
    }
  }

  var currentContext: String? { root["current-context"]?.text }

  /// The entries of a list, such as `clusters`.
  func entries(_ key: String) throws(ConfigurationError) -> [YAMLValue] {
    guard let list = root[key], !list.isNull else { return [] }
    guard let entries = list.elements else {
      throw ConfigurationError(
        place: place(of: list), reason: "\(key) is no list", hint: "begin each entry with a hyphen: - name: NAME")
    }
    return entries
  }

  /// For people.
  func place(of node: YAMLValue) -> String { "\(path), line \(node.mark.line)" }
}
