import TextEncoding
import YAML

/// A cluster, a user or a context of a kubeconfig.
struct KubeconfigEntry {
  let file: KubeconfigFile
  /// What it is, for people, such as `user "u"`.
  let title: String
  let node: YAMLValue

  /// The file, the line and the entry, for people.
  var place: String { place(of: node) }

  private func place(of node: YAMLValue) -> String { "\(file.place(of: node)): \(title)" }

  /// The place of the first of these members that is there.
  func place(_ keys: String...) -> String { place(of: keys.lazy.compactMap { member($0) }.first ?? node) }

  /// A member; nil where it is missing, null or empty. kubectl treats these alike.
  func member(_ key: String) -> YAMLValue? { node[key].flatMap { $0.isNull || $0.text == "" ? nil : $0 } }

  func text(_ key: String) -> String? { member(key)?.text }

  /// Whether the member is `true`, in one of YAML's spellings.
  func isTrue(_ key: String) throws(ConfigurationError) -> Bool {
    guard let member = member(key) else { return false }
    if case .scalar(let text, .plain) = member.content {
      switch text.lowercased() {
      case "true", "yes", "on", "y": return true
      case "false", "no", "off", "n": return false
      default: break
      }
    }
    throw ConfigurationError(
      place: place(of: member), reason: "\(key) is neither true nor false", hint: "write one of them, without quotes")
  }

  func refuse(_ key: String, hint: String) throws(ConfigurationError) {
    guard member(key) != nil else { return }
    throw ConfigurationError(place: place(key), reason: "\(key) is not supported", hint: hint)
  }

  /// Refuses what `kubectl config view` prints in the place of certificates, keys and tokens.
  func refuseOmissions() throws(ConfigurationError) {
    for member in node.members ?? [] where ["DATA+OMITTED", "REDACTED"].contains(member.value.text) {
      throw ConfigurationError(
        place: place(of: member.value), reason: "\(member.key.text ?? "a member") was left out when this was printed",
        hint: "take what kubectl config view --raw --flatten prints")
    }
  }

  /// The decoded `KEY-data`, else the contents of the file that `KEY` names.
  func bytes(_ key: String) throws(ConfigurationError) -> [UInt8]? {
    if let data = text("\(key)-data") {
      guard let bytes = Base64.decoded(data) else {
        throw ConfigurationError(
          place: place("\(key)-data"), reason: "\(key)-data is no base64", hint: "write it in one line")
      }
      return bytes
    }
    guard let path = text(key) else { return nil }
    return try ClusterConfiguration.read(absolute(path), hint: "\(key) of \(place(key)) names it")
  }

  /// Paths are relative to the kubeconfig's folder.
  func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.path.lastIndex(of: "/") else { return path }
    return "\(file.path[...slash])\(path)"
  }
}
