import TextEncoding
import YAML

/// A cluster, a user or a context of a kubeconfig.
struct KubeconfigEntry {
  /// The file's path.
  let file: String
  /// The file, and the entry in it, for people.
  let place: String
  let node: YAMLValue

  /// A member; nil where it is missing, null or empty. kubectl treats these alike.
  func member(_ key: String) -> YAMLValue? {
    guard let member = node[key] else { return nil }
    if let text = member.text, ["", "~", "null"].contains(text) { return nil }
    return member
  }

  func text(_ key: String) -> String? { member(key)?.text }
  /// Whether the member is `true`, in one of YAML's spellings.
  func isTrue(_ key: String) -> Bool { ["true", "yes", "on", "y"].contains(node[key]?.text?.lowercased()) }

  func refuse(_ key: String, hint: String) throws(ConfigurationError) {
    guard member(key) != nil else { return }
    throw ConfigurationError(place: place, reason: "\(key) is not supported", hint: hint)
  }

  /// The decoded `KEY-data`, else the contents of the file that `KEY` names.
  func bytes(_ key: String) throws(ConfigurationError) -> [UInt8]? {
    if let data = text("\(key)-data") {
      guard let bytes = Base64.decoded(data) else {
        throw ConfigurationError(place: place, reason: "\(key)-data is no base64", hint: "write it in one line")
      }
      return bytes
    }
    guard let path = text(key) else { return nil }
    return try ClusterConfiguration.read(absolute(path), hint: "\(key) of \(place) names it")
  }

  /// Paths are relative to the kubeconfig's folder.
  func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return "\(file[...slash])\(path)"
  }
}
