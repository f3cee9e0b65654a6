import Admission
import Foundation
import FoundationNetworking
import JSONBytes
import KubernetesAPI
import Linux
import NIOHTTP1
import TestSupport
import TestThreads
import Testing
import ThrowawayPostgres

@testable import postern

enum Prometheus {
  /// The folder of both programs of Prometheus.
  static let folder = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    .first { path in
      ["prometheus", "promtool"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(path)/\($0)") }
    }
}

/// The folder `monitoring/`, with a real Prometheus that scrapes the real programs.
@Suite(.blocking, .enabled(if: Prometheus.folder != nil, "no prometheus and promtool in the PATH"))
struct MonitoringTests {
  private static let files = Program.package.appending(path: "monitoring")

  private func start(_ program: URL, _ arguments: [String], _ environment: [String: String] = [:]) throws
    -> ChildProcess
  {
    var program = ChildProgram(program.path, arguments)
    program.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    (program.output, program.errors) = (.nothing, .nothing)
    return try program.start()
  }

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "monitoring-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  // MARK: Alerts

  private func rules() throws -> JSONValue {
    let manifest = try ManifestReader().read([Self.files.appending(path: "rules.yaml").path]).map(\.object).first
    return try #require(manifest?["spec"])
  }

  @Test func everyAlertFiresWhenItIsToAndNotBefore() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    // JSON is YAML.
    try Data(try rules().bytes).write(to: folder.appending(path: "rules.yaml"))
    try FileManager.default.copyItem(
      at: Self.files.appending(path: "rules-test.yaml"), to: folder.appending(path: "test.yaml"))
    for arguments in [["check", "rules", "rules.yaml"], ["test", "rules", "test.yaml"]] {
      var promtool = ChildProgram("\(Prometheus.folder ?? "")/promtool", arguments)
      (promtool.output, promtool.errors, promtool.folder) = (.collected, .asOutput, folder.path)
      let answer = try promtool.answer()
      #expect(answer.status == 0, "\(answer.text)")
    }
    let alerts = try rules()["groups"]?.array?.flatMap { $0["rules"]?.array ?? [] }.compactMap { $0["alert"]?.string }
    let tests = try String(contentsOf: Self.files.appending(path: "rules-test.yaml"), encoding: .utf8)
    for alert in try #require(alerts) {
      #expect(tests.contains("        alertname: \(alert)\n"), "no test of \(alert)")
    }
  }

  // MARK: The dashboard

  /// An API server that knows one Deployment with one Pod, and repeats what is written to it.
  private static let cluster: FakeServer.Script = { _, request in
    if request.query["watch"] == "true" { return .stream { _ in } }
    guard request.method == .GET else {
      // So passes fail and are tried again.
      if request.path.hasSuffix("/pods/db-1") { return .status(500, "InternalError", "no") }
      guard case .object(var object)? = try? json(request.body), case .object(var metadata)? = object["metadata"] else {
        return .json(200, "{}")
      }
      metadata["resourceVersion"] = .string("2")
      object["metadata"] = .object(metadata)
      return .json(200, String(decoding: JSONValue.object(object).bytes, as: UTF8.self))
    }
    let container = #"{"name":"postgres","image":"postgres:17"}"#
    let meta = #""namespace":"shops","labels":{"postern.io/customer":"acme"},"resourceVersion":"1""#
    let items =
      switch request.path {
      case "/apis/apps/v1/deployments":
        #"{"metadata":{"name":"db","uid":"1",\#(meta),"annotations":{"postern.io/users":"shop"}},"spec":{"selector":{},"template":{"metadata":{},"spec":{"containers":[\#(container)]}}}}"#
      case "/api/v1/pods":
        #"{"metadata":{"name":"db-1","uid":"2",\#(meta),"annotations":{"postern.io/injected":"v1"},"ownerReferences":[{"kind":"ReplicaSet","name":"r","controller":true}]},"spec":{"initContainers":[{"name":"postern","image":"s","restartPolicy":"Always"}],"containers":[\#(container)]},"status":{"phase":"Running"}}"#
      default: ""
      }
    guard request.path.hasSuffix("s") && !request.path.contains("-pg-") else {
      return .status(404, "NotFound", "not found")
    }
    return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items)]}"#)
  }

  private func get(_ url: String) async throws -> JSONValue? {
    guard let url = URL(string: url) else { return nil }
    let (data, _) = try await URLSession.shared.data(from: url)
    return try JSONValue(parsing: Array(data))
  }

  private func port(_ name: String, of program: RunningProgram) throws -> Int {
    try program.waitFor(name) { $0.contains("serving") }
    return try #require(
      program.output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("\(name)=") }
        .flatMap { Int($0.dropFirst(name.count + 1)) })
  }

  @Test func everyQueryOfTheDashboardReturnsData() async throws {
    let folder = try temporaryFolder()
    let certificates = try Certificates()
    let pair = try certificates.issue("server")
    let webhook = try RunningProgram([
      "serve", "--no-controller", "--port", "0", "--metrics-port", "0", "--drain-seconds", "0", "--tls-cert-file",
      pair.certificateFile, "--tls-private-key-file", pair.privateKeyFile,
    ])
    let cluster = try await FakeServer.start(defaultPair.get(), script: Self.cluster)
    let controller = try RunningProgram([
      "serve", "--no-webhook", "--metrics-port", "0", "--kubeconfig",
      cluster.writeKubeconfig(namespace: "postern-system").path,
    ])
    let (sidecarPort, prometheusPort) = (try FreePort.next(), try FreePort.next())
    let sidecar = try start(
      Program.products.appending(path: "postern-sidecar"),
      [
        "run", "--port", "1", "--volume", folder.path, "--status-file",
        folder.appending(path: "status/status.json").path,
        "--status-port", String(sidecarPort),
      ])
    let targets = [try port("metrics", of: webhook), try port("metrics", of: controller), sidecarPort]
      .map { "127.0.0.1:\($0)" }.joined(separator: ", ")
    let configuration = """
      global: {scrape_interval: 1s}
      scrape_configs: [{job_name: postern, honor_labels: true, static_configs: [{targets: [\(targets)]}]}]
      """
    try Data(configuration.utf8).write(to: folder.appending(path: "prometheus.yaml"))
    let prometheus = try start(
      URL(filePath: "\(Prometheus.folder ?? "")/prometheus"),
      [
        "--config.file", folder.appending(path: "prometheus.yaml").path, "--storage.tsdb.path",
        folder.appending(path: "data").path, "--web.listen-address", "127.0.0.1:\(prometheusPort)",
      ])
    let webhookPort = try port("port", of: webhook)
    let client = try WebhookClient(
      host: "127.0.0.1", port: webhookPort, serverName: "localhost", trusting: certificates.authorityFile)
    let review = Array(try Data(contentsOf: ServeTests.reviews.appending(path: "02-deployment-create.json")))
    let dashboard = try JSONValue(parsing: Array(try Data(contentsOf: Self.files.appending(path: "dashboard.json"))))
    let panels = try #require(dashboard["panels"]?.array)
    #expect(panels.count == 20)
    for panel in panels {
      for target in panel["targets"]?.array ?? [] {
        let query = try #require(target["expr"]?.string).replacing("$__rate_interval", with: "1m")
        let escaped = try #require(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let hasData = try await eventually {
          _ = try? await client.post(review, to: .validate)
          let answer = try? await get("http://127.0.0.1:\(prometheusPort)/api/v1/query?query=\(escaped)")
          let values = answer?["data"]?["result"]?.array?.compactMap { $0["value"]?.array?.last?.string } ?? []
          return values.contains { $0 != "NaN" }
        }
        #expect(hasData, "\(panel["title"]?.string ?? ""): \(query)")
      }
    }
    prometheus.stop(within: 60_000)
    sidecar.stop(within: 60_000)
    webhook.kill()
    #expect(controller.terminate() == 0)
    await cluster.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// What the monitors select is what webhook-config and the webhook give names to.
  @Test func theMonitorsSelectWhatIsThere() throws {
    let reader = ManifestReader()
    func object(_ folder: String, _ file: String, _ kind: String, _ name: String) throws -> JSONValue {
      let path = Program.package.appending(path: "\(folder)/\(file)").path
      return try #require(
        try reader.read([path]).map(\.object).first {
          $0["kind"]?.string == kind && $0["metadata"]?["name"]?.string == name
        })
    }
    let service = try object("webhook-config/base", "service.yaml", "Service", "postern-metrics")
    #expect(service["spec"]?["ports"]?.array?.first?["name"]?.string == "metrics")
    #expect(service["spec"]?["selector"] == (try json(#"{"app.kubernetes.io/name":"postern"}"#)))
    let monitor = try object("monitoring", "service-monitor.yaml", "ServiceMonitor", "postern")["spec"]
    #expect(monitor?["endpoints"]?.array?.first?["port"]?.string == "metrics")
    #expect(monitor?["endpoints"]?.array?.first?["honorLabels"] == .bool(true))
    let component = service["metadata"]?["labels"]?["app.kubernetes.io/component"]
    #expect(component != nil && monitor?["selector"]?["matchLabels"]?["app.kubernetes.io/component"] == component)
    let sidecars = try object("monitoring", "pod-monitor.yaml", "PodMonitor", "postern-sidecars")["spec"]
    #expect(sidecars?["podMetricsEndpoints"]?.array?.first?["port"]?.string == "postern")
    #expect(
      sidecars?["selector"]?["matchExpressions"]?.array?.first?["key"]?.string == "postern.io/customer")
  }
}
