import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

/// The webhook as a real API server calls it: up, down, and too slow, failing closed and open.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerAdmissionTests {
  private func initContainers(_ pod: JSONValue) -> [String] {
    (pod["spec"]?["initContainers"]?.array ?? []).compactMap { $0["name"]?.string }
  }

  @Test func thePatchAppliesAndARefusalReachesTheUserWhole() async throws {
    let cluster = try await WebhookCluster("answers", failurePolicy: "Fail")
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
    let cluster = try await WebhookCluster("rivals", failurePolicy: "Fail", follows: true)
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
    let cluster = try await WebhookCluster(failurePolicy.lowercased(), failurePolicy: failurePolicy)
    #expect(try await cluster.isAsked())
    func labelledPodIsTaken(_ name: String) async throws -> Bool {
      do {
        let pod = try await cluster.create(.pods, cluster.pod(name))
        #expect(initContainers(pod).isEmpty)
        return true
      } catch {
        #expect("\(error)".contains("pods.postern.io"), "\(error)")
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
    let heard = try await WebhookCluster(
      "heard", failurePolicy: "Fail", clientAuthority: authority, port: server.webhookPort)
    #expect(try await heard.isAsked())
    #expect(try await initContainers(heard.create(.pods, heard.pod("a"))) == ["postern"])
    await heard.end()
    let unheard = try await WebhookCluster("unheard", failurePolicy: "Fail", clientAuthority: authority)
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
