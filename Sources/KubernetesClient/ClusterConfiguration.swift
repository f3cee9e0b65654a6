import Contract
import Linux
import NIOCore
package import NIOSSL

/// Where the API server is, how it is authenticated, and how this client authenticates itself.
package struct ClusterConfiguration: Sendable {
  /// How this client authenticates itself.
  package enum Credential: Sendable, CustomStringConvertible {
    /// No token. The TLS configuration may have a client certificate.
    case none
    /// A token that never changes.
    case token(String)
    /// The token in this file, which is read again regularly.
    case tokenFile(String)
    /// The tokens of a program that the kubeconfig names.
    case program(ExecTokens)

    /// What kind of credential it is, without the token.
    package var description: String {
      switch self {
      case .none: "none"
      case .token: "a token"
      case .tokenFile(let path): "the token in \(path)"
      case .program: "the tokens of a program"
      }
    }
  }

  /// The API server's host: a name or an IP address, without brackets.
  package var host: String
  /// The API server's port.
  package var port: Int
  /// The path before `/api`, where the API server is behind a proxy; empty, or `/` and more.
  package var pathPrefix = ""
  /// The authorities to trust, and the client certificate.
  package var tls: TLSConfiguration
  /// The name that the server's certificate must have, if it is not the host's. swift-nio-ssl also accepts a
  /// certificate for the IP address that it connects to.
  package var tlsServerName: String?
  /// How this client authenticates itself.
  package var credential: Credential
  /// The namespace that this process runs in, or that the context chooses.
  package var namespace: String?

  /// A configuration with these values.
  package init(host: String, port: Int, tls: TLSConfiguration, credential: Credential, namespace: String? = nil) {
    self.host = host
    self.port = port
    self.tls = tls
    self.credential = credential
    self.namespace = namespace
  }

  /// Finds the cluster's configuration: the kubeconfig that `path` or `$KUBECONFIG` names; else the cluster that this
  /// process runs in; else `~/.kube/config`.
  package static func find(kubeconfig path: String? = nil) throws(ConfigurationError) -> Self {
    let isInCluster = CurrentProcess.environment("KUBERNETES_SERVICE_HOST") != nil
    let isGiven = path != nil || CurrentProcess.environment("KUBECONFIG")?.isEmpty == false
    return isInCluster && !isGiven ? try inCluster() : try kubeconfig(path)
  }

  /// The cluster that this process runs in, from what the kubelet gives every container (Kubernetes docs, "Accessing
  /// the Kubernetes API from a Pod").
  /// - Parameters:
  ///   - folder: holds the ServiceAccount's token, the authority's certificate and the namespace; nil: the folder at
  ///     which every container has them.
  ///   - environment: returns a variable's value.
  package static func inCluster(
    folder: String? = nil,
    environment: (String) -> String? = { CurrentProcess.environment($0) }
  ) throws(ConfigurationError) -> Self {
    let folder = folder ?? SidecarContainer.tokenPath
    guard let host = environment("KUBERNETES_SERVICE_HOST"), !host.isEmpty,
      let port = Int(environment("KUBERNETES_SERVICE_PORT") ?? "")
    else {
      throw ConfigurationError(
        place: "environment", reason: "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
        hint: "run in a Pod, or give a kubeconfig")
    }
    let hint = "let the Pod mount its ServiceAccount's token (automountServiceAccountToken: true)"
    let token = "\(folder)/token"
    _ = try read(token, hint: hint)
    var tls = clientTLS()
    tls.trustRoots = try trustRoots(read("\(folder)/ca.crt", hint: hint), place: "\(folder)/ca.crt")
    return Self(
      host: host, port: port, tls: tls, credential: .tokenFile(token),
      namespace: trimmed(try read("\(folder)/namespace", hint: hint)))
  }

  static func clientTLS() -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    // Do not wait long for a peer that does not end TLS properly.
    tls.shutdownTimeout = .seconds(1)
    return tls
  }

  static func trustRoots(_ pem: [UInt8], place: String) throws(ConfigurationError) -> NIOSSLTrustRoots {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
      throw ConfigurationError(
        place: place, reason: "there is no PEM certificate in it", hint: "write the cluster's CA")
    }
    return .certificates(certificates)
  }

  static func read(_ path: String, hint: String) throws(ConfigurationError) -> [UInt8] {
    do { return try File.read(path, limit: 1 << 20) } catch {
      throw ConfigurationError(place: path, reason: error.reason, hint: hint)
    }
  }

  /// The text without white space at either end.
  static func trimmed(_ bytes: [UInt8]) -> String {
    let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
    return String(decoding: bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
  }
}

/// Why the client does not know how to reach a cluster.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file, and the place in it.
  package var place: String
  /// What is wrong there.
  package var reason: String
  /// What to do.
  package var hint: String

  /// An error with these values.
  package init(place: String, reason: String, hint: String) {
    self.place = place
    self.reason = reason
    self.hint = hint
  }

  /// One line for people.
  package var description: String { "\(place): \(reason); \(hint)" }
}
