import AsyncHTTPClient
import Foundation
import KubernetesAPI
package import KubernetesClient
import Linux
import NIOCore
import NIOHTTP1
import PrometheusText
import ThrowawayPostgres

/// A real API server with an etcd on loopback. Both end with this process, and their folder is removed.
package final class APIServer: Sendable {
  /// Where `kube-apiserver` is; nil if it or etcd is missing, and the tests that need it are skipped.
  package static let program: String? = {
    let environment = ProcessInfo.processInfo.environment
    let isThere = { (path: String) in FileManager.default.isExecutableFile(atPath: path) }
    let path = (environment["PATH"] ?? "").split(separator: ":")
    guard let folder = environment["K8S_BIN"], path.contains(where: { isThere("\($0)/etcd") }) else { return nil }
    return isThere("\(folder)/kube-apiserver") ? "\(folder)/kube-apiserver" : nil
  }()

  /// One server for all tests, because it takes seconds to start.
  package static let shared = Task { try await APIServer() }

  package struct NotReady: Error, CustomStringConvertible { package let description: String }

  private let folder: URL
  private let port: Int
  private let etcdPort: Int
  /// A free port. The server presents a certificate of ``clientAuthorityFile`` only to a webhook at this port of
  /// `localhost`.
  package let webhookPort: Int
  private let servers: ChildProcess

  /// Starts both and waits until the server answers.
  private init() async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "postern-apiserver-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let ports = try (0..<4).map { _ in try FreePort.next() }
    port = ports[2]
    etcdPort = ports[0]
    webhookPort = ports[3]
    let tokens = """
      admin-token,admin,1,"system:masters"
      nobody-token,nobody,2
      controller-token,system:serviceaccount:postern-system:postern-controller,3

      """
    try Data(tokens.utf8).write(to: folder.appending(path: "tokens.csv"))
    try FileManager.default.copyItem(
      atPath: authority.get().authorityFile, toPath: folder.appending(path: "client-ca.pem").path)
    let pair = try authority.get().issue("real-client")
    try Self.configureWebhooks(pair, at: webhookPort, in: folder)
    let script = """
      cd "$1" && openssl genrsa -out sa.key 2048 2>/dev/null
      etcd --data-dir etcd --listen-client-urls http://127.0.0.1:$3 --advertise-client-urls http://127.0.0.1:$3 \
        --listen-peer-urls http://127.0.0.1:$4 --initial-advertise-peer-urls http://127.0.0.1:$4 \
        --initial-cluster default=http://127.0.0.1:$4 --unsafe-no-fsync </dev/null >etcd.log 2>&1 &
      etcd=$!
      "$2" --etcd-servers http://127.0.0.1:$3 --secure-port $5 --bind-address 127.0.0.1 --cert-dir certs \
        --service-account-key-file sa.key --service-account-signing-key-file sa.key \
        --service-account-issuer https://kubernetes.default.svc --token-auth-file tokens.csv \
        --client-ca-file client-ca.pem --authorization-mode RBAC --service-cluster-ip-range 10.96.0.0/16 \
        --watch-cache-sizes leases.coordination.k8s.io#0 --admission-control-config-file admission.json \
        </dev/null >api.log 2>&1 &
      api=$!
      cat >/dev/null
      kill -9 $api $etcd; wait
      rm -rf "$1"
      """
    var servers = ChildProgram("/bin/sh", ["-c", script, "sh", folder.path, Self.program ?? ""])
    servers.arguments += ports.map { String($0) }
    // The pipe ends with this process, and the servers with the pipe.
    (servers.input, servers.leadsGroup) = (.open, true)
    self.servers = try servers.start()
    try kubeconfig("admin", "token: admin-token")
    try kubeconfig("nobody", "token: nobody-token")
    try kubeconfig("controller", "token: controller-token")
    try kubeconfig("cert", "client-certificate: \(pair.certificateFile), client-key: \(pair.privateKeyFile)")
    let isReady = try await eventually {
      guard let client = try? client() else { return false }
      let isReady = (try? await client.get(.namespaces, "default")) != nil
      await client.shutdown()
      return isReady
    }
    guard isReady else {
      let log = (try? String(contentsOf: folder.appending(path: "api.log"), encoding: .utf8)) ?? ""
      throw NotReady(description: String(log.suffix(2000)))
    }
  }

  /// Writes the files with which the server presents a certificate to a webhook, as in docs/admission.md.
  private static func configureWebhooks(_ pair: Certificates.Pair, at webhookPort: Int, in folder: URL) throws {
    let file = folder.appending(path: "webhooks.kubeconfig").path
    let plugins = ["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"].map {
      """
      {"name":"\($0)","configuration":{"apiVersion":"apiserver.config.k8s.io/v1","kind":"WebhookAdmissionConfiguration",
      "kubeConfigFile":"\(file)"}}
      """
    }
    let configuration = """
      {"apiVersion":"apiserver.config.k8s.io/v1","kind":"AdmissionConfiguration","plugins":[\(plugins.joined(separator: ","))]}
      """
    try Data(configuration.utf8).write(to: folder.appending(path: "admission.json"))
    let users = """
      apiVersion: v1
      kind: Config
      users:
        - name: localhost:\(webhookPort)
          user: {client-certificate: \(pair.certificateFile), client-key: \(pair.privateKeyFile)}
      """
    try Data(users.utf8).write(to: URL(filePath: file))
  }

  /// The authority (PEM) of the certificate that the server presents to webhooks.
  package var clientAuthorityFile: String { folder.appending(path: "client-ca.pem").path }

  private func kubeconfig(_ user: String, _ credential: String) throws {
    let text = TestSupport.kubeconfig(
      port: port, authorityFile: "certs/apiserver.crt", serverName: "kubernetes", user: credential)
    try Data(text.utf8).write(to: folder.appending(path: user))
  }

  /// The kubeconfig of a user: `admin`, `nobody`, `cert`; `controller` is the ServiceAccount of webhook-config.
  package func kubeconfig(_ user: String = "admin") -> String { folder.appending(path: user).path }

  /// A client by a kubeconfig.
  package func client(
    _ user: String = "admin", metrics: ClientMetrics = ClientMetrics(PrometheusRegistry([])),
    settings change: (inout ClientSettings) -> Void = { _ in }
  ) throws -> KubernetesClient {
    var settings = ClientSettings()
    change(&settings)
    return KubernetesClient(
      try .kubeconfig(kubeconfig(user)), settings: settings, metrics: metrics, logger: silent)
  }

  /// A client as in a container, whose ServiceAccount is the admin.
  package func clientOfAContainer() throws -> KubernetesClient {
    let container = folder.appending(path: "serviceaccount")
    try FileManager.default.createDirectory(at: container, withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      at: folder.appending(path: "certs/apiserver.crt"), to: container.appending(path: "ca.crt"))
    try Data("admin-token".utf8).write(to: container.appending(path: "token"))
    try Data("default".utf8).write(to: container.appending(path: "namespace"))
    let environment = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": String(port)]
    return KubernetesClient(
      try .inCluster(folder: container.path) { environment[$0] }, metrics: ClientMetrics(PrometheusRegistry([])),
      logger: silent)
  }

  /// Makes etcd forget everything before a resource version. It works for Leases: the API server does not cache those.
  package func forget(before resourceVersion: String) async throws {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(etcdPort)/v3/kv/compaction")
    request.method = .POST
    request.body = .bytes(ByteBuffer(string: #"{"revision":"\#(resourceVersion)","physical":true}"#))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    let said = String(buffer: try await response.body.collect(upTo: 1 << 20))
    guard response.status == .ok else { throw NotReady(description: said) }
  }
}
