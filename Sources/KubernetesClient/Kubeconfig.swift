import Linux
import NIOSSL
import YAML

extension ClusterConfiguration {
  /// The cluster and the user of a kubeconfig's context (Kubernetes docs, "Organizing Cluster Access Using kubeconfig
  /// Files").
  /// - Parameters:
  ///   - path: of the file; nil: `$KUBECONFIG`, which may name several files, else `~/.kube/config`.
  ///   - context: its name; nil: `current-context`.
  ///   - environment: returns a variable's value.
  package static func kubeconfig(
    _ path: String? = nil, context: String? = nil, environment: (String) -> String? = { CurrentProcess.environment($0) }
  ) throws(ConfigurationError) -> Self {
    try Kubeconfig(files: KubeconfigFile.find(path, environment)).configuration(context: context)
  }

  /// The cluster that kubectl would talk to: that of a kubeconfig, and only where there is none, the one that this
  /// process runs in.
  package static func asKubectl(
    kubeconfig path: String? = nil, context: String? = nil,
    environment: (String) -> String? = { CurrentProcess.environment($0) }
  ) throws(ConfigurationError) -> Self {
    let isChosen = path != nil || context != nil
    let isGiven = environment("KUBECONFIG")?.isEmpty == false
    let isInCluster = environment("KUBERNETES_SERVICE_HOST") != nil
    if isInCluster, !isChosen, !isGiven, !File.exists(KubeconfigFile.home(environment)) {
      return try inCluster(environment: environment)
    }
    return try kubeconfig(path, context: context, environment: environment)
  }
}

/// The merged contents of kubeconfigs: of several entries with one name, the first file's counts as a whole.
struct Kubeconfig {
  let files: [KubeconfigFile]

  func configuration(context name: String?) throws(ConfigurationError) -> ClusterConfiguration {
    guard let name = name ?? currentContext else {
      throw ConfigurationError(
        place: place, reason: "there is no current-context", hint: "choose one: kubectl config use-context NAME")
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
    if let plugin = try ExecPlugin(user, for: cluster) { try plugin.complete(&configuration) }
    return configuration
  }

  /// The files' paths, for people.
  private var place: String { files.map(\.path).joined(separator: ":") }

  private var currentContext: String? {
    files.lazy.compactMap(\.currentContext).first { !$0.isEmpty }
  }

  private func entry(_ what: String, _ name: String) throws(ConfigurationError) -> KubeconfigEntry {
    var names: [String] = []
    for file in files {
      var entries: [KubeconfigEntry] = []
      for node in try file.entries("\(what)s") {
        guard let found = node["name"]?.text else { continue }
        if found.utf8.elementsEqual(name.utf8) {
          let entry = node[what] ?? YAMLValue(.mapping([]), mark: node.mark)
          entries.append(KubeconfigEntry(file: file, title: "\(what) \"\(name)\"", node: entry))
        }
        if !names.contains(found) { names.append(found) }
      }
      guard let entry = entries.first else { continue }
      if entries.count > 1 {
        throw ConfigurationError(
          place: entries[1].place, reason: "the list has another with this name", hint: "keep one, as kubectl wants it")
      }
      guard entry.node.members != nil || entry.node.isNull else {
        throw ConfigurationError(place: entry.place, reason: "it is no mapping", hint: "write members below \(what):")
      }
      try entry.refuseOmissions()
      return entry
    }
    throw ConfigurationError(
      place: place, reason: "there is no \(what) \"\(name)\"",
      hint: names.isEmpty ? "add one" : "there are: \(names.joined(separator: ", "))")
  }

  private func address(_ cluster: KubeconfigEntry) throws(ConfigurationError) -> ClusterConfiguration {
    let server = cluster.text("server") ?? ""
    // What stands before an @ may be a password.
    let shown = server.contains("@") ? "server" : "server \"\(server)\""
    let error = ConfigurationError(
      place: cluster.place("server"), reason: "\(shown) is no address", hint: "write https://HOST:PORT")
    guard server.hasPrefix("https://") else { throw error }
    let rest = server.dropFirst("https://".count)
    let authority = rest.prefix { $0 != "/" }
    // The host may be an IPv6 address in brackets.
    let hostEnd = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.firstIndex(of: ":")
    let host = authority[..<(hostEnd ?? authority.endIndex)].filter { $0 != "[" && $0 != "]" }
    let portText = authority[(hostEnd ?? authority.endIndex)...].dropFirst()
    guard !host.isEmpty, !host.contains("@"), let port = portText.isEmpty ? 443 : Int(portText),
      (1...65535).contains(port)
    else { throw error }
    var prefix = String(rest.dropFirst(authority.count))
    while prefix.hasSuffix("/") { prefix.removeLast() }
    var configuration = ClusterConfiguration(
      host: String(host), port: port, tls: ClusterConfiguration.clientTLS(), credential: .none)
    configuration.pathPrefix = prefix
    return configuration
  }

  private func credential(_ user: KubeconfigEntry) throws(ConfigurationError) -> ClusterConfiguration.Credential {
    let hint = "put a token in its place: kubectl create token SERVICEACCOUNT --duration 24h"
    for key in ["auth-provider", "username", "as", "as-uid", "as-groups", "as-user-extra"] {
      try user.refuse(key, hint: hint)
    }
    if let path = user.text("tokenFile") { return .tokenFile(user.absolute(path)) }
    return user.text("token").map { .token($0) } ?? .none
  }

  private func tls(_ cluster: KubeconfigEntry, _ user: KubeconfigEntry) throws(ConfigurationError) -> TLSConfiguration {
    var tls = ClusterConfiguration.clientTLS()
    if try cluster.isTrue("insecure-skip-tls-verify") {
      tls.certificateVerification = .none
    } else if let authority = try cluster.bytes("certificate-authority") {
      tls.trustRoots = try ClusterConfiguration.trustRoots(
        authority, place: cluster.place("certificate-authority-data", "certificate-authority"))
    }
    guard let chain = try user.bytes("client-certificate") else { return tls }
    guard let key = try user.bytes("client-key"), tls.authenticate(chain: chain, key: key) else {
      throw ConfigurationError(
        place: user.place("client-certificate-data", "client-certificate"),
        reason: "client-certificate and client-key are no PEM pair",
        hint: "write both, the key without a passphrase")
    }
    return tls
  }
}

extension TLSConfiguration {
  /// Presents a client certificate and those that follow it, as PEM.
  /// - Returns: false where one of them cannot be read.
  mutating func authenticate(chain: [UInt8], key: [UInt8]) -> Bool {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(chain), !certificates.isEmpty,
      let key = try? NIOSSLPrivateKey(bytes: key, format: .pem)
    else { return false }
    certificateChain = certificates.map { .certificate($0) }
    privateKey = .privateKey(key)
    return true
  }
}
