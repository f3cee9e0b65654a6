import Foundation
import CoreMetrics
import KubernetesAPI
import NIOSSL
import TestSupport
import Testing

@testable import KubernetesClient

/// Where a configuration is read from, and the error where it cannot be used.
@Suite struct ConfigurationTests {
  /// A folder of this test, which is removed with the tests' authority.
  private let folder: URL
  private let pair: Certificates.Pair

  init() throws {
    folder = try authority.get().folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    pair = try defaultPair.get()
  }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  private func authorityPEM() throws -> String {
    try String(contentsOfFile: authority.get().authorityFile, encoding: .utf8)
  }

  private func kubeconfig(cluster: String, user: String, context: String? = nil) throws -> ClusterConfiguration {
    try write(
      "config",
      """
      apiVersion: v1
      kind: Config
      current-context: x
      clusters: [{name: c, cluster: {\(cluster)}}, {name: other, cluster: {server: "https://other"}}]
      users: [{name: u, user: {\(user)}}]
      contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}, {name: y, context: {cluster: z, user: u}}]
      """)
    return try .kubeconfig(folder.appending(path: "config").path, context: context)
  }

  private func message(cluster: String = #"server: "https://h""#, user: String = "", context: String? = nil) -> String {
    do {
      _ = try kubeconfig(cluster: cluster, user: user, context: context)
      return "none"
    } catch {
      return "\(error)".replacing(folder.path, with: "F")
    }
  }

  // MARK: In a cluster

  private let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]

  @Test func aContainerIsToldAllByTheKubelet() throws {
    try write("token", "t\n")
    try write("ca.crt", try authorityPEM())
    try write("namespace", "postern-system\n")
    let cluster = try ClusterConfiguration.inCluster(folder: folder.path) { environment[$0] }
    #expect(cluster.host == "fd00::1")
    #expect(cluster.port == 443)
    #expect(cluster.namespace == "postern-system")
    guard case .tokenFile("\(folder.path)/token") = cluster.credential else {
      Issue.record("\(cluster.credential)")
      return
    }
  }

  @Test func whatIsMissingInAContainerIsSaid() throws {
    let inCluster = { (environment: [String: String]) in
      let error = #expect(throws: ConfigurationError.self) {
        try ClusterConfiguration.inCluster(folder: folder.path) { environment[$0] }
      }
      return error?.description.replacing(folder.path, with: "F")
    }
    #expect(
      inCluster([:])
        == "environment: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; run in a Pod, or give a "
        + "kubeconfig")
    #expect(
      inCluster(environment)
        == "F/token: No such file or directory; let the Pod mount its ServiceAccount's token "
        + "(automountServiceAccountToken: true)")
    try write("token", "t")
    try write("ca.crt", "-----BEGIN")
    #expect(inCluster(environment) == "F/ca.crt: there is no PEM certificate in it; write the cluster's CA")
  }

  // MARK: Kubeconfig

  @Test func aKubeconfigReachesARealServer() async throws {
    let server = try await FakeServer.start(pair) { _, _ in .json(200, "{}") }
    let client = try authority.get().issue("kubeconfig-client")
    let data = { (file: String) in try Data(contentsOf: URL(filePath: file)).base64EncodedString() }
    try write("ca.pem", try authorityPEM())
    try write("token", "from-file")
    let address = "server: \"https://127.0.0.1:\(server.port)/prefix/\", tls-server-name: localhost"
    let authorityData = try data(authority.get().authorityFile)
    let configurations = [
      try kubeconfig(cluster: "\(address), certificate-authority: ca.pem", user: "token: t"),
      try kubeconfig(cluster: "\(address), certificate-authority-data: \(authorityData)", user: "tokenFile: token"),
      try kubeconfig(
        cluster: "\(address), certificate-authority-data: \(authorityData)",
        user: "client-certificate-data: \(try data(client.certificateFile)), client-key: \(client.privateKeyFile)"),
      try kubeconfig(cluster: "\(address), insecure-skip-tls-verify: true", user: "exec: null"),
    ]
    for configuration in configurations {
      #expect(configuration.namespace == "shop")
      let client = KubernetesClient(
        configuration, metrics: ClientMetrics(NOOPMetricsHandler.instance), logger: silent)
      _ = try await client.get(.namespaces, "a")
      await client.shutdown()
    }
    #expect(server.requests.map(\.token) == ["Bearer t", "Bearer from-file", nil, nil])
    #expect(server.requests.map { $0.certificate != nil } == [false, false, true, false])
    #expect(server.requests.allSatisfy { $0.path == "/prefix/api/v1/namespaces/a" })
    await server.stop()
  }

  @Test(arguments: [
    ("https://h", "h", 443, ""), ("https://h:6443/", "h", 6443, ""), ("https://[fd00::1]:16443", "fd00::1", 16443, ""),
    ("https://[fd00::1]", "fd00::1", 443, ""), ("https://10.0.0.1/k8s/c", "10.0.0.1", 443, "/k8s/c"),
  ]) func theAddressIsTakenApart(_ server: String, _ host: String, _ port: Int, _ prefix: String) throws {
    let cluster = try kubeconfig(cluster: "server: \"\(server)\"", user: "")
    #expect(cluster.host == host)
    #expect(cluster.port == port)
    #expect(cluster.pathPrefix == prefix)
  }

  @Test(arguments: ["", "http://h:8080", "https://", "https://:1", "https://h:x"])
  func whatIsNoAddressIsSaid(_ server: String) {
    let place = #"F/config, line 4: cluster "c""#
    #expect(
      message(cluster: "server: \"\(server)\"")
        == "\(place): server \"\(server)\" is no address; write https://HOST:PORT")
    #expect(
      message(cluster: #"server: "https://u:hunter2@h""#)
        == "\(place): server is no address; write https://HOST:PORT")
  }

  @Test(arguments: ["auth-provider: {name: gcp}", "username: bob", "as: admin", "as-groups: [dev]"])
  func whatIsNotSupportedIsRefusedWithWhatToDo(_ user: String) {
    #expect(
      message(user: user)
        == #"F/config, line 5: user "u": \#(user.prefix { $0 != ":" }) is not supported; put a token in its place: "#
        + "kubectl create token SERVICEACCOUNT --duration 24h")
  }

  @Test func whatIsWrongInAKubeconfigIsSaid() throws {
    let user = #"F/config, line 5: user "u""#
    #expect(
      message(cluster: #"server: "https://h", proxy-url: "http://p""#)
        == #"F/config, line 4: cluster "c": proxy-url is not supported; name a cluster that is reached directly"#)
    #expect(message(context: "z") == #"F/config: there is no context "z"; there are: x, y"#)
    #expect(message(context: "y") == #"F/config: there is no cluster "z"; there are: c, other"#)
    #expect(
      message(user: "client-key: k, client-certificate: nonesuch")
        == "F/nonesuch: No such file or directory; client-certificate of \(user) names it")
    #expect(
      message(user: "client-certificate-data: '*'")
        == "\(user): client-certificate-data is no base64; write it in one line")
    #expect(
      message(user: "client-certificate: \(pair.certificateFile)")
        == "\(user): client-certificate and client-key are no PEM pair; write both, the key without a passphrase")
    try write("config", "[]")
    let file = folder.appending(path: "config").path
    let error = #expect(throws: ConfigurationError.self) {
      try ClusterConfiguration.kubeconfig { $0 == "KUBECONFIG" ? file : nil }
    }
    #expect(error?.place == file)
    let several = #expect(throws: ConfigurationError.self) {
      try ClusterConfiguration.kubeconfig { $0 == "KUBECONFIG" ? "/nonexistent/a:/nonexistent/b" : nil }
    }
    #expect(several?.place == "/nonexistent/a")
    let home = #expect(throws: ConfigurationError.self) {
      try ClusterConfiguration.kubeconfig { $0 == "HOME" ? "/nonexistent" : nil }
    }
    #expect(home?.place == "/nonexistent/.kube/config")
  }
}
