import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

/// The webhook as a real API server calls it: up, down, and too slow, failing closed and open.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerAdmissionTests {
  /// A namespace whose labelled objects are sent to a webhook of its own.
  private struct Cluster {
    let client: KubernetesClient
    let namespace: String
    let webhook: RunningProgram
    private let port: Int
    private let certificates: Certificates

    /// - Parameters:
    ///   - follows: whether it knows the namespace's declarations, as a replica that does not lead.
    ///   - clientAuthority: the file of the authority whose clients alone are heard.
    ///   - port: where it serves; 0 for any that is free.
    init(
      _ namespace: String, failurePolicy: String, follows: Bool = false, clientAuthority: String? = nil, port: Int = 0
    ) async throws {
      self.namespace = namespace
      let server = try await APIServer.shared.value
      client = try server.client()
      certificates = try Certificates()
      let pair = try certificates.issue("server")
      webhook = try RunningProgram(
        [
          "serve", "--port", String(port), "--metrics-port", "0", "--drain-seconds", "0", "--tls-cert-file",
          pair.certificateFile, "--tls-private-key-file", pair.privateKeyFile,
        ] + (clientAuthority.map { ["--client-ca-file", $0] } ?? [])
          + (follows ? ["--kubeconfig", server.kubeconfig(), "--namespaces", namespace] : ["--no-controller"]),
        environment: ["POSTERN_NAMESPACE": "\(namespace)-none", "POSTERN_POD_NAME": "replica"])
      try webhook.waitFor("port") { $0.contains("serving") }
      self.port = try #require(webhook.output.firstMatch(of: /\bport=(\d+)/).flatMap { Int($0.1) })
      try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(namespace)"}}"#))
      // Nobody else makes it here.
      try await client.create(
        Resource(plural: "serviceaccounts", kind: "ServiceAccount"),
        try json(#"{"metadata":{"name":"default","namespace":"\#(namespace)"}}"#))
      try await register(.mutatingWebhookConfigurations, "mutate", failurePolicy, "UPDATE")
      try await register(.validatingWebhookConfigurations, "validate", failurePolicy, "UPDATE")
    }

    /// Waits until the API server has heard of its own configurations.
    func isAsked() async throws -> Bool {
      try await eventually {
        _ = try? await create(.pods, pod("probe-\(UUID().uuidString.prefix(8).lowercased())"), dryRun: true)
        return webhook.output.contains("path=mutate") && webhook.output.contains("path=validate")
      }
    }

    private func register(
      _ resource: Resource, _ path: String, _ failurePolicy: String, _ operation: String
    ) async throws {
      let bundle = try Data(contentsOf: URL(filePath: certificates.authorityFile)).base64EncodedString()
      try await client.create(
        resource,
        try json(
          """
          {"metadata":{"name":"\(namespace)-\(path)"},"webhooks":[{"name":"\(path).postern.io","sideEffects":"None",
          "admissionReviewVersions":["v1"],"failurePolicy":"\(failurePolicy)","timeoutSeconds":1,
          "clientConfig":{"url":"https://localhost:\(port)/\(path)","caBundle":"\(bundle)"},
          "namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"\(namespace)"}},
          "objectSelector":{"matchExpressions":[{"key":"postern.io/customer","operator":"Exists"}]},
          "rules":[{"apiGroups":["","apps"],"apiVersions":["v1"],"operations":["CREATE","\(operation)"],
          "resources":["pods","deployments","statefulsets"]}]}]}
          """))
    }

    func pod(_ name: String, labels: String = #"{"postern.io/customer":"acme"}"#, annotations: String = "{}") -> String
    {
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

  private func initContainers(_ pod: JSONValue) -> [String] {
    (pod["spec"]?["initContainers"]?.array ?? []).compactMap { $0["name"]?.string }
  }

  @Test func thePatchAppliesAndARefusalReachesTheUserWhole() async throws {
    let cluster = try await Cluster("answers", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    let dry = try await cluster.create(.pods, cluster.pod("dry"), dryRun: true)
    #expect(initContainers(dry) == ["postern"])
    let stored = try await cluster.create(.pods, cluster.pod("stored"))
    #expect(initContainers(stored) == ["postern"])
    let names = try await cluster.client.list(Selection(.pods, namespace: "answers")).items
      .compactMap { $0["metadata"]?["name"]?.string }
    #expect(names == ["stored"])
    let workload = """
      {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"db","namespace":"answers",
      "labels":{"postern.io/customer":"acme"},"annotations":ANNOTATIONS},
      "spec":{"selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},
      "spec":{"containers":[{"name":"postgres","image":"postgres:15"}]}}}}
      """
    let deployment = try await cluster.create(.deployments, workload.replacing("ANNOTATIONS", with: "{}"))
    let labels = deployment["spec"]?["template"]?["metadata"]?["labels"]
    #expect(labels?["postern.io/customer"]?.string == "acme")
    let broken = #"{"postern.io/users":"[{name: shop, grnts: {}}]","postern.io/databases":"[{name: a, owner: shpo}]"}"#
    let refused = await #expect(throws: KubernetesError.self) {
      try await cluster.create(
        .deployments,
        workload.replacing("ANNOTATIONS", with: broken).replacing(#""db","namespace"#, with: #""x","namespace"#))
    }
    #expect(refused?.code == 422)
    for text in ["did you mean \"grants\"", "did you mean \"shop\""] {
      #expect(refused?.description.contains(text) == true)
    }
    await cluster.end()
  }

  /// By what every replica knows, also one that does not lead: its Lease is in a namespace that is not there.
  @Test func aSecondWorkloadOfACustomerIsRefusedAsLongAsTheFirstDeclares() async throws {
    let cluster = try await Cluster("rivals", failurePolicy: "Fail", follows: true)
    #expect(try await cluster.isAsked())
    func refusal() async throws -> String? {
      do {
        try await cluster.create(.deployments, cluster.deployment("second"), dryRun: true)
        return nil
      } catch { return "\(error)" }
    }
    #expect(try await refusal() == nil)
    try await cluster.create(.deployments, cluster.deployment("first"))
    let isRefused = try await eventually {
      try await refusal()?.contains(#"Deployment "first" in this namespace declares for customer "acme""#) == true
    }
    #expect(isRefused)
    // It is no rival of itself.
    let again = await #expect(throws: KubernetesError.self) {
      try await cluster.create(.deployments, cluster.deployment("first"))
    }
    #expect(again?.description.contains("already exists") == true, "\(again?.description ?? "")")
    try await cluster.client.delete(.deployments, "first", in: "rivals")
    let isAllowed = try await eventually { try await refusal() == nil }
    #expect(isAllowed)
    try await cluster.create(.deployments, cluster.deployment("second"))
    await cluster.end()
  }

  @Test(arguments: ["Fail", "Ignore"])
  func aWebhookThatIsDownOrTooSlowHoldsUpItsOwnObjectsAlone(failurePolicy: String) async throws {
    let cluster = try await Cluster(failurePolicy.lowercased(), failurePolicy: failurePolicy)
    #expect(try await cluster.isAsked())
    func labelledPodIsTaken(_ name: String) async throws -> Bool {
      do {
        let pod = try await cluster.create(.pods, cluster.pod(name))
        #expect(initContainers(pod).isEmpty)
        return true
      } catch {
        #expect("\(error)".contains("mutate.postern.io"), "\(error)")
        return false
      }
    }
    // It takes connections and answers nothing.
    try cluster.webhook.pause()
    #expect(try await labelledPodIsTaken("slow") == (failurePolicy == "Ignore"))
    try await cluster.create(.pods, cluster.pod("slow-other", labels: "{}"))
    cluster.webhook.resume()
    let injected = try await cluster.create(.pods, cluster.pod("again"))
    #expect(initContainers(injected) == ["postern"])
    cluster.webhook.kill()
    #expect(try await labelledPodIsTaken("down") == (failurePolicy == "Ignore"))
    try await cluster.create(.pods, cluster.pod("down-other", labels: "{}"))
    await cluster.end()
  }

  @Test func withAClientAuthorityOnlyAnAPIServerThatShowsACertificateIsHeard() async throws {
    let server = try await APIServer.shared.value
    let authority = server.clientAuthorityFile
    let heard = try await Cluster("heard", failurePolicy: "Fail", clientAuthority: authority, port: server.webhookPort)
    #expect(try await heard.isAsked())
    #expect(try await initContainers(heard.create(.pods, heard.pod("a"))) == ["postern"])
    await heard.end()
    let unheard = try await Cluster("unheard", failurePolicy: "Fail", clientAuthority: authority)
    let isRefused = try await eventually {
      do {
        try await unheard.create(.pods, unheard.pod("a"), dryRun: true)
        return false
      } catch { return "\(error)".contains("tls: certificate required") }
    }
    #expect(isRefused)
    await unheard.end()
  }
}
