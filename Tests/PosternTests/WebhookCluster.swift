import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@testable import postern

/// A namespace whose labelled objects are sent to a webhook of its own.
struct WebhookCluster {
  let client: KubernetesClient
  let namespace: String
  let webhook: RunningProgram
  private let namespaces: [String]
  private let failurePolicy: String
  private let port: Int
  private let certificates: Certificates

  /// - Parameters:
  ///   - follows: whether it knows the namespace's declarations, as a replica that does not lead.
  ///   - arguments: more of `serve`.
  ///   - clientAuthority: the file of the authority whose clients alone are heard.
  ///   - port: where it serves; 0 for any that is free.
  ///   - others: more namespaces, whose objects are sent to it, too.
  init(
    _ namespace: String, failurePolicy: String, follows: Bool = false, arguments: [String] = [],
    clientAuthority: String? = nil, port: Int = 0, others: [String] = []
  ) async throws {
    self.namespace = namespace
    self.failurePolicy = failurePolicy
    namespaces = [namespace] + others
    let server = try await APIServer.shared.value
    client = try server.client()
    certificates = try Certificates()
    let pair = try certificates.issue("server")
    webhook = try RunningProgram(
      [
        "serve", "--port", String(port), "--metrics-port", "0", "--drain-seconds", "0", "--tls-cert-file",
        pair.certificateFile, "--tls-private-key-file", pair.privateKeyFile,
      ] + arguments + (clientAuthority.map { ["--client-ca-file", $0] } ?? [])
        + (follows ? ["--kubeconfig", server.kubeconfig(), "--namespaces", namespace] : ["--no-controller"]),
      environment: ["POSTERN_NAMESPACE": "\(namespace)-none", "POSTERN_POD_NAME": "replica"])
    try webhook.waitFor("port") { $0.contains("serving") }
    self.port = try #require(webhook.output.firstMatch(of: /\bport=(\d+)/).flatMap { Int($0.1) })
    for namespace in namespaces {
      try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(namespace)"}}"#))
      // Nobody else makes it here.
      try await client.create(
        Resource(plural: "serviceaccounts", kind: "ServiceAccount"),
        try json(#"{"metadata":{"name":"default","namespace":"\#(namespace)"}}"#))
    }
    try await register(.mutatingWebhookConfigurations, "mutate")
    try await register(.validatingWebhookConfigurations, "validate")
  }

  /// Waits until the API server has heard of its own configurations, which takes it a moment.
  func isAsked() async throws -> Bool {
    try await eventually {
      _ = try? await create(.pods, pod("probe-\(UUID().uuidString.prefix(8).lowercased())"), dryRun: true)
      return webhook.output.contains("path=mutate") && webhook.output.contains("path=validate")
    }
  }

  /// What `webhook-config` registers, for these namespaces and this program.
  private func register(_ resource: Resource, _ path: String) async throws {
    let bundle = try Data(contentsOf: URL(filePath: certificates.authorityFile)).base64EncodedString()
    let file = path == "mutate" ? "mutating-webhook.yaml" : "validating-webhook.yaml"
    let folder = Program.package.appending(path: "webhook-config/base")
    let manifest = try #require(try ManifestReader().read([folder.appending(path: file).path]).first)
    var webhooks: [JSONValue] = []
    for webhook in manifest.object["webhooks"]?.array ?? [] {
      guard case .object(var object) = webhook else { continue }
      object["failurePolicy"] = .string(failurePolicy)
      object["timeoutSeconds"] = .number("1")
      object["clientConfig"] = try json(#"{"url":"https://localhost:\#(port)/\#(path)","caBundle":"\#(bundle)"}"#)
      let here = try json(
        #"{"key":"kubernetes.io/metadata.name","operator":"In","values":["\#(namespaces.joined(separator: #"",""#))"]}"#
      )
      var selector = JSONObject()
      selector["matchExpressions"] = .array(
        (webhook["namespaceSelector"]?["matchExpressions"]?.array ?? []) + [here])
      object["namespaceSelector"] = .object(selector)
      webhooks.append(.object(object))
    }
    var configuration = JSONObject()
    configuration["metadata"] = try json(#"{"name":"\#(namespace)-\#(path)"}"#)
    configuration["webhooks"] = .array(webhooks)
    try await client.create(resource, .object(configuration))
  }

  func pod(_ name: String, labels: String = #"{"postern.io/customer":"acme"}"#, annotations: String = "{}") -> String {
    """
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\(name)","namespace":"\(namespace)","labels":\(labels),
    "annotations":\(annotations)},"spec":{"containers":[{"name":"postgres","image":"postgres:17"}]}}
    """
  }

  @discardableResult
  func create(_ resource: Resource, _ object: String, dryRun: Bool = false) async throws -> JSONValue {
    try await client.create(resource, try json(object), dryRun: dryRun)
  }

  /// A Deployment that declares.
  func deployment(_ name: String) -> String {
    """
    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"\(name)","namespace":"\(namespace)",
    "labels":{"postern.io/customer":"acme"},"annotations":{"postern.io/users":"shop"}},
    "spec":{"selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},
    "spec":{"containers":[{"name":"postgres","image":"postgres:17"}]}}}}
    """
  }

  func end() async {
    webhook.kill()
    for (resource, path) in [
      (Resource.mutatingWebhookConfigurations, "mutate"), (.validatingWebhookConfigurations, "validate"),
    ] {
      try? await client.delete(resource, "\(namespace)-\(path)")
    }
    await client.shutdown()
  }
}
