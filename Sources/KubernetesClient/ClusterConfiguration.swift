import Contract
import Linux
import NIOCore
package import NIOSSL

/// Where the API server is, how it proves who it is, and who asks.
package struct ClusterConfiguration: Sendable {
  /// What is sent to say who asks.
  package enum Credential: Sendable, CustomStringConvertible {
    /// Nothing, or the client certificate of the TLS configuration.
    case none
    /// Always this token.
    case token(String)
    /// The token in this file, which is read anew.
    case tokenFile(String)

    /// What it is, without the token.
    package var description: String {
      switch self {
      case .none: "none"
      case .token: "a token"
      case .tokenFile(let path): "the token in \(path)"
      }
    }
  }

  /// Of the API server: a name or an IP address, without brackets.
  package var host: String
  /// Of the API server.
  package var port: Int
  /// What comes before `/api`, where the API server is behind something; empty or `/` and more.
  package var pathPrefix = ""
  /// Whom to trust, and the client certificate.
  package var tls: TLSConfiguration
  /// The name that the server's certificate must bear, where it is not the host's. As swift-nio-ssl has it, one that
  /// bears the IP address connected to will do as well.
  package var tlsServerName: String?
  /// Who asks.
  package var credential: Credential
  /// The namespace that this process runs in, or that the context chooses.
  package var namespace: String?

  /// A cluster of these parts.
  package init(host: String, port: Int, tls: TLSConfiguration, credential: Credential, namespace: String? = nil) {
    self.host = host
    self.port = port
    self.tls = tls
    self.credential = credential
    self.namespace = namespace
  }

  /// The kubeconfig where one is given by `path` or `$KUBECONFIG`; else the cluster that this process runs in; else
  /// `~/.kube/config`.
  package static func find(kubeconfig path: String? = nil) throws(ConfigurationError) -> Self {
    let isInCluster = CurrentProcess.environment("KUBERNETES_SERVICE_HOST") != nil
    let isGiven = path != nil || CurrentProcess.environment("KUBECONFIG")?.isEmpty == false
    return isInCluster && !isGiven ? try inCluster() : try kubeconfig(path)
  }

  /// The cluster that this process runs in, as the kubelet tells every container (Kubernetes docs, "Accessing the
  /// Kubernetes API from a Pod").
  /// - Parameters:
  ///   - folder: where the ServiceAccount's token, the authority's certificate and the namespace are; nil for where every
  ///     container has them.
  ///   - environment: gives a variable's value.
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
    // A peer that does not say goodbye is not waited for long.
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

  /// The text without white space around it.
  static func trimmed(_ bytes: [UInt8]) -> String {
    let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
    return String(decoding: bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
  }
}

/// Why it is not known how to reach a cluster.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file, and where in it.
  package var place: String
  /// What is wrong there.
  package var reason: String
  /// What to do.
  package var hint: String

  /// An error of these parts.
  package init(place: String, reason: String, hint: String) {
    self.place = place
    self.reason = reason
    self.hint = hint
  }

  /// One line for people.
  package var description: String { "\(place): \(reason); \(hint)" }
}
