import Admission
import Foundation
import FoundationNetworking
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

import TextEncoding
@testable import postern

/// `postern serve --self-signed`, the program itself, as two replicas in a real cluster.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct SelfSignedTests {
  static let namespace = "postern-system"

  /// One replica, and its two ports.
  struct Replica {
    let program: RunningProgram
    let port: Int
    let metricsPort: Int

    init(_ name: String, _ kubeconfig: String) throws {
      program = try RunningProgram(
        [
          "serve", "--self-signed", "--kubeconfig", kubeconfig, "--port", "0", "--metrics-port", "0",
          "--drain-seconds", "0",
        ], environment: ["POSTERN_NAMESPACE": SelfSignedTests.namespace, "POSTERN_POD_NAME": name])
      try program.waitFor("port") { $0.contains("serving") }
      port = try #require(program.output.firstMatch(of: /\bport=(\d+)/).flatMap { Int($0.1) })
      metricsPort = try #require(program.output.firstMatch(of: /metrics=(\d+)/).flatMap { Int($0.1) })
    }

    private func get(_ path: String) async throws -> (status: Int?, text: String) {
      let url = try #require(URL(string: "http://127.0.0.1:\(metricsPort)/\(path)"))
      let (data, response) = try await URLSession.shared.data(from: url)
      return ((response as? HTTPURLResponse)?.statusCode, String(decoding: data, as: UTF8.self))
    }

    func isReady() async throws -> Bool { try await get("readyz").status == 200 }
    func metrics() async throws -> String { try await get("metrics").text }
    func leads() async throws -> Bool { try await metrics().contains("\npostern_leader 1\n") }

    /// Sends it a request as an API server does that trusts these authorities.
    func answers(trusting authorities: [UInt8]) async throws -> Bool {
      let file = FileManager.default.temporaryDirectory.appending(path: "postern-authorities-\(UUID().uuidString)")
      try Data(authorities).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      let client = try WebhookClient(
        host: "127.0.0.1", port: port, serverName: "postern.\(SelfSignedTests.namespace).svc", trusting: file.path)
      let name = try #require(
        FileManager.default.contentsOfDirectory(atPath: ServeTests.reviews.path).sorted().first {
          $0.contains("pod-create")
        })
      let review = Array(try Data(contentsOf: ServeTests.reviews.appending(path: name)))
      let answer = try JSONValue(parsing: try await client.post(review, to: .mutate))
      return answer["response"]?["allowed"] == .bool(true)
    }
  }

  /// The `caBundle` of both configurations.
  private func bundles(_ client: KubernetesClient) async throws -> [[UInt8]?] {
    var bundles: [[UInt8]?] = []
    for resource in [Resource.mutatingWebhookConfigurations, .validatingWebhookConfigurations] {
      let configuration = try await client.get(resource, "postern")
      let bundle = configuration["webhooks"]?.array?.first?["clientConfig"]?["caBundle"]?.string
      bundles.append(bundle.flatMap { Base64.decoded($0) })
    }
    return bundles
  }

  @Test func servesWithItsOwnCertificateAndFollowsALostLeader() async throws {
    let server = try await APIServer.shared.value
    let client = try server.client()
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(Self.namespace)"}}"#))
    for resource in [Resource.mutatingWebhookConfigurations, .validatingWebhookConfigurations] {
      // For a resource that does not exist, so that nothing is sent.
      try await client.create(
        resource,
        try json(
          """
          {"metadata":{"name":"postern"},"webhooks":[{"name":"postern.postern.io","sideEffects":"None",
          "admissionReviewVersions":["v1"],
          "clientConfig":{"service":{"name":"postern","namespace":"\(Self.namespace)","path":"/mutate"}},
          "rules":[{"apiGroups":["none.example"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["none"]}]}]}
          """))
    }
    let replicas = [
      try Replica("postern-1", server.kubeconfig()), try Replica("postern-2", server.kubeconfig()),
    ]
    let isTrusted = try await eventually { try await bundles(client).allSatisfy { $0 != nil } }
    #expect(isTrusted)
    for replica in replicas {
      let isReady = try await eventually { try await replica.isReady() }
      #expect(isReady)
      for bundle in try await bundles(client) { #expect(try await replica.answers(trusting: try #require(bundle))) }
      #expect(replica.program.output.contains("managing certificates"))
      #expect(try await replica.metrics().contains("postern_kubernetes_requests_total{"))
    }
    var leads: [Bool] = []
    for replica in replicas { leads.append(try await replica.leads()) }
    #expect(leads.count { $0 } == 1)
    let (first, second) = leads[0] ? (replicas[0], replicas[1]) : (replicas[1], replicas[0])
    first.program.kill()
    let follows = try await eventually { try await second.leads() }
    #expect(follows)
    let lease = try await client.get(.leases, "postern", in: Self.namespace)
    #expect(lease["spec"]?["holderIdentity"]?.string?.hasPrefix(leads[0] ? "postern-2_" : "postern-1_") == true)
    #expect(second.program.terminate() == 0)
    let released = try await client.get(.leases, "postern", in: Self.namespace)
    #expect(released["spec"]?["holderIdentity"] == nil)
    for replica in replicas { #expect(!replica.program.output.contains("PRIVATE KEY")) }
    await client.shutdown()
  }
}
