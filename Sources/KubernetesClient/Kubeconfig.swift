import Linux
import NIOSSL
import TextEncoding
import Yams

extension ClusterConfiguration {
  /// The cluster and the user of a kubeconfig's context (Kubernetes docs, "Organizing Cluster Access Using kubeconfig
  /// Files").
  /// - Parameters:
  ///   - path: of the file; nil: `$KUBECONFIG`, else `~/.kube/config`.
  ///   - context: its name; nil: `current-context`.
  ///   - environment: returns a variable's value.
  package static func kubeconfig(
    _ path: String? = nil, context: String? = nil, environment: (String) -> String? = { CurrentProcess.environment($0) }
  ) throws(ConfigurationError) -> Self {
    let given = path ?? environment("KUBECONFIG").flatMap { $0.isEmpty ? nil : $0 }
    let file = given ?? "\(environment("HOME") ?? "")/.kube/config"
    guard path != nil || !file.contains(":") else {
      throw ConfigurationError(
        place: "KUBECONFIG", reason: "it names several files",
        hint: "make them one: kubectl config view --flatten --raw > FILE")
    }
    let hint = "name a kubeconfig with --kubeconfig or KUBECONFIG"
    let text = String(decoding: try read(file, hint: hint), as: UTF8.self)
    guard let root = try? Yams.compose(yaml: text), root.mapping != nil else {
      throw ConfigurationError(place: file, reason: "it is no YAML mapping", hint: hint)
    }
    return try Kubeconfig(file: file, root: root).configuration(context: context)
  }
}

/// A kubeconfig while it is read.
private struct Kubeconfig {
  /// A cluster or a user, and its place in the file.
  struct Entry {
    let place: String
    let node: Node

    /// A member; nil where it is missing, null or empty. kubectl treats these alike.
    func member(_ key: String) -> Node? {
      guard let member = node[key] else { return nil }
      if let scalar = member.scalar, ["", "~", "null"].contains(scalar.string) { return nil }
      return member
    }

    func text(_ key: String) -> String? { member(key)?.scalar?.string }
    func isTrue(_ key: String) -> Bool { node[key]?.bool == true }

    func refuse(_ key: String, hint: String) throws(ConfigurationError) {
      guard member(key) != nil else { return }
      throw ConfigurationError(place: place, reason: "\(key) is not supported", hint: hint)
    }
  }

  let file: String
  let root: Node

  func configuration(context name: String?) throws(ConfigurationError) -> ClusterConfiguration {
    guard let name = name ?? root["current-context"]?.string, !name.isEmpty else {
      throw ConfigurationError(
        place: file, reason: "there is no current-context", hint: "choose one: kubectl config use-context NAME")
    }
    let context = try entry("context", name)
    let cluster = try entry("cluster", context.text("cluster") ?? "")
    let user = try entry("user", context.text("user") ?? "")
    try cluster.refuse("proxy-url", hint: "name a cluster that is reached directly")
    var configuration = try address(cluster)
    configuration.tls = try tls(cluster, user)
    configuration.tlsServerName = cluster.text("tls-server-name")
    configuration.credential = try credential(user)
    configuration.namespace = context.text("namespace")
    return configuration
  }

  private func entry(_ what: String, _ name: String) throws(ConfigurationError) -> Entry {
    let entries = root["\(what)s"]?.array() ?? []
    guard let node = entries.first(where: { $0["name"]?.scalar?.string == name })?[what] else {
      let names = entries.compactMap { $0["name"]?.scalar?.string }.joined(separator: ", ")
      throw ConfigurationError(
        place: file, reason: "there is no \(what) \"\(name)\"",
        hint: names.isEmpty ? "add one" : "there are: \(names)")
    }
    return Entry(place: "\(file): \(what) \"\(name)\"", node: node)
  }

  private func address(_ cluster: Entry) throws(ConfigurationError) -> ClusterConfiguration {
    let server = cluster.text("server") ?? ""
    let error = ConfigurationError(
      place: cluster.place, reason: "server \"\(server)\" is no address", hint: "write https://HOST:PORT")
    guard server.hasPrefix("https://") else { throw error }
    let rest = server.dropFirst("https://".count)
    let authority = rest.prefix { $0 != "/" }
    // The host may be an IPv6 address in brackets.
    let hostEnd = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.firstIndex(of: ":")
    let host = authority[..<(hostEnd ?? authority.endIndex)].filter { $0 != "[" && $0 != "]" }
    let portText = authority[(hostEnd ?? authority.endIndex)...].dropFirst()
    guard !host.isEmpty, !host.contains("@"), let port = portText.isEmpty ? 443 : Int(portText) else { throw error }
    var prefix = String(rest.dropFirst(authority.count))
    while prefix.hasSuffix("/") { prefix.removeLast() }
    var configuration = ClusterConfiguration(
      host: String(host), port: port, tls: ClusterConfiguration.clientTLS(), credential: .none)
    configuration.pathPrefix = prefix
    return configuration
  }

  private func credential(_ user: Entry) throws(ConfigurationError) -> ClusterConfiguration.Credential {
    let hint = "put a token in its place: kubectl create token SERVICEACCOUNT --duration 24h"
    for key in ["exec", "auth-provider", "username", "as"] { try user.refuse(key, hint: hint) }
    if let path = user.text("tokenFile") { return .tokenFile(absolute(path)) }
    return user.text("token").map { .token($0) } ?? .none
  }

  private func tls(_ cluster: Entry, _ user: Entry) throws(ConfigurationError) -> TLSConfiguration {
    var tls = ClusterConfiguration.clientTLS()
    if cluster.isTrue("insecure-skip-tls-verify") {
      tls.certificateVerification = .none
    } else if let authority = try bytes("certificate-authority", of: cluster) {
      tls.trustRoots = try ClusterConfiguration.trustRoots(authority, place: cluster.place)
    }
    guard let chain = try bytes("client-certificate", of: user) else { return tls }
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(chain), !certificates.isEmpty,
      let pem = try bytes("client-key", of: user), let key = try? NIOSSLPrivateKey(bytes: pem, format: .pem)
    else {
      throw ConfigurationError(
        place: user.place, reason: "client-certificate and client-key are no PEM pair",
        hint: "write both, the key without a passphrase")
    }
    tls.certificateChain = certificates.map { .certificate($0) }
    tls.privateKey = .privateKey(key)
    return tls
  }

  /// The decoded `KEY-data`, else the contents of the file that `KEY` names.
  private func bytes(_ key: String, of entry: Entry) throws(ConfigurationError) -> [UInt8]? {
    if let data = entry.text("\(key)-data") {
      guard let bytes = Base64.decoded(data) else {
        throw ConfigurationError(place: entry.place, reason: "\(key)-data is no base64", hint: "write it in one line")
      }
      return bytes
    }
    guard let path = entry.text(key) else { return nil }
    return try ClusterConfiguration.read(absolute(path), hint: "\(key) of \(entry.place) names it")
  }

  /// Paths are relative to the kubeconfig's folder.
  private func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return "\(file[...slash])\(path)"
  }
}
