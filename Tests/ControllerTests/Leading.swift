import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import PrometheusText
import TestSupport

@testable import Controller
@testable import Instances

/// A namespace of a real API server, and a controller that leads in it. No other controllers run there, so nothing
/// makes Pods and nothing is garbage-collected.
struct Leading {
  let server: APIServer
  let namespace: String
  /// A client for the test itself.
  let client: KubernetesClient
  let controller: Controller
  private let registry: PrometheusRegistry

  /// Runs a test while a controller runs.
  static func run(
    _ namespace: String, mayWrite: @escaping @Sendable () -> Bool = { true },
    settings change: (inout ControllerSettings) -> Void = { _ in },
    before: (Leading) async throws -> Void = { _ in }, _ test: (Leading) async throws -> Void
  ) async throws {
    let server = try await APIServer.shared.value
    let registry = PrometheusRegistry(ClientMetrics.families + ControllerMetrics.families)
    let own = try server.client(metrics: ClientMetrics(registry)) { $0.requestsPerSecond = 1000 }
    let client = try server.client { $0.requestsPerSecond = 1000 }
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(namespace)"}}"#))
    var settings = ControllerSettings(namespaces: [namespace])
    change(&settings)
    let controller = Controller(
      client: own, settings: settings, metrics: ControllerMetrics(registry), logger: silent)
    let leading = Leading(
      server: server, namespace: namespace, client: client, controller: controller, registry: registry)
    try await before(leading)
    let work = Task {
      async let watching: Void = controller.watch()
      async let leading: Void = controller.lead(mayWrite: mayWrite)
      _ = await (watching, leading)
    }
    let result: Result<Void, any Error>
    do { result = .success(try await test(leading)) } catch { result = .failure(error) }
    work.cancel()
    await work.value
    await own.shutdown()
    await client.shutdown()
    try result.get()
  }

  /// Creates a sample's object, without a webhook.
  @discardableResult
  func create(_ sample: Sample) async throws -> JSONValue {
    var sample = sample
    sample.namespace = namespace
    return try await client.create(.named(sample.kind), try sample.manifest())
  }

  /// Creates or changes a Secret as somebody other than Postern.
  func secret(_ name: String, _ data: [String: String], labels: [String: String] = [:]) async throws {
    var object = JSONObject()
    for (key, value) in data { object[key] = .string(value) }
    var labelObject = JSONObject()
    for (key, value) in labels { labelObject[key] = .string(value) }
    var metadata = JSONObject()
    metadata["name"] = .string(name)
    metadata["namespace"] = .string(namespace)
    metadata["labels"] = .object(labelObject)
    var root = JSONObject()
    root["metadata"] = .object(metadata)
    root["stringData"] = .object(object)
    try await client.create(.secrets, .object(root))
  }

  /// Changes an object by a merge patch.
  func patch(_ resource: Resource, _ name: String, _ text: String) async throws {
    try await client.patch(resource, name, in: namespace, .merge(try json(text)))
  }

  /// An object; nil where there is none.
  func live(_ kind: DesiredObject.Kind, _ name: String) async throws -> LiveObject? {
    do throws(KubernetesError) {
      let reader = ObjectReader { object throws(JSONError) in try LiveObject(object, kind: kind) }
      return try await client.get(kind.resource, name, in: namespace, as: reader)
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  /// The value of a key of a Secret.
  func value(_ key: String, of secret: String) async throws -> String? {
    try await live(.secret, secret)?.data[key].map { String(decoding: $0, as: UTF8.self) }
  }

  /// What would be mounted into the sidecar.
  func mounted(_ customer: String = "acme") async throws -> MountedContents? {
    guard let spec = try await live(.configMap, "\(customer)-pg-spec"),
      let secret = try await live(.secret, "\(customer)-pg-passwords")
    else { return nil }
    return MountedContents(configMap: spec.data, secret: secret.data)
  }

  /// `REASON OBJECT: MESSAGE` of each Event.
  func events() async throws -> [String] {
    try await client.list(Selection(.events, namespace: namespace)).items.map { event in
      let object = event["involvedObject"]
      return "\(event["reason"]?.string ?? "") \(object?["kind"]?.string ?? "") \(object?["name"]?.string ?? ""): "
        + (event["message"]?.string ?? "")
    }
  }

  /// Waits for an Event that begins with this text.
  func isTold(_ beginning: String) async throws -> Bool {
    try await eventually { try await events().contains { $0.hasPrefix(beginning) } }
  }

  /// The number of the controller's requests so far, without watches and their lists.
  func requests(_ verbs: [String] = ["get", "create", "apply", "patch", "delete"]) -> Int {
    sum("postern_kubernetes_requests_total") { line in verbs.contains { line.contains(#"verb="\#($0)""#) } }
  }

  /// The number of passes so far with this result.
  func passes(_ result: String) -> Int { sum("postern_reconciles_total") { $0.contains(#"result="\#(result)""#) } }

  /// The number of all passes so far.
  var allPasses: Int { sum("postern_reconciles_total") { _ in true } }

  func metric(_ line: String) -> Int { sum(line) { _ in true } }

  /// The lines of the metrics that begin with this text.
  func metrics(_ family: String) -> [Substring] {
    registry.text().split(separator: "\n").filter { $0.hasPrefix(family) }
  }

  private func sum(_ family: String, where condition: (Substring) -> Bool) -> Int {
    metrics(family).filter(condition)
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
  }

  /// The path of kubectl; nil where there is none to test with.
  static let kubectlProgram = ChildProgram.path(of: "kubectl")

  /// Runs the real kubectl in the namespace, as a user would.
  /// - Returns: its output if it failed.
  func kubectl(_ arguments: [String], input: String = "") throws -> String? {
    var kubectl = ChildProgram("kubectl", ["--kubeconfig", server.kubeconfig(), "-n", namespace] + arguments)
    kubectl.input = .bytes(Array(input.utf8))
    (kubectl.output, kubectl.errors) = (.collected, .asOutput)
    let answer = try kubectl.answer()
    return answer.status == 0 ? nil : answer.text
  }
}
