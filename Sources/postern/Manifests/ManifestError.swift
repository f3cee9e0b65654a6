/// Why files give no manifests. Each is one line: what is wrong, where, what to do.
enum ManifestError: Error, Equatable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  case notYAML(file: String, reason: String)
  case notKubernetes(file: String, line: Int, reason: String)

  var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .notYAML(let file, let reason): "\(file): is not YAML: \(reason)"
    case .notKubernetes(let file, let line, let reason):
      "\(file):\(line): is no Kubernetes manifest: \(reason); every document needs apiVersion, kind and metadata.name"
    }
  }
}
