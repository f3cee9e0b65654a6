import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

/// What waits for Postern while no replica is up, and what does not: by a real API server, and what `webhook-config` says.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerRolloutTests {
  @Test func onlyWhatDeclaresOrChangesThePodsWaitsForPostern() async throws {
    let cluster = try await WebhookCluster("rollout", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    try await cluster.create(.deployments, cluster.deployment("db"))
    cluster.webhook.kill()
    func change(_ patch: String) async throws -> String? {
      do {
        try await cluster.client.patch(
          .deployments, "db", in: "rollout", .merge(try json(patch)), dryRun: true)
        return nil
      } catch { return "\(error)" }
    }
    func template(_ annotations: String) -> String {
      #"{"spec":{"template":{"metadata":{"annotations":\#(annotations)}}}}"#
    }
    for free in [
      template(#"{"kubectl.kubernetes.io/restartedAt":"2026-11-26T17:00:00Z"}"#),
      template(#"{"checksum/config":"0"}"#), #"{"spec":{"replicas":0}}"#,
      #"{"spec":{"template":{"metadata":{"labels":{"tier":"db"}}}}}"#,
      #"{"metadata":{"labels":{"helm.sh/chart":"db-2"},"annotations":{"meta.helm.sh/release-name":"db"}}}"#,
    ] {
      #expect(try await change(free) == nil, "\(free)")
    }
    for waits in [
      template(#"{"postern.io/port":"5433"}"#), #"{"metadata":{"annotations":{"postern.io/users":"shop, more"}}}"#,
      #"{"metadata":{"annotations":{"postern.io/users":null}}}"#,
      #"{"spec":{"template":{"metadata":{"labels":{"postern.io/customer":null}}}}}"#,
      #"{"spec":{"template":{"spec":{"containers":[{"name":"postgres","image":"postgres:18"}]}}}}"#,
      #"{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}"#,
    ] {
      #expect(try await change(waits)?.contains("workloads.postern.io") == true, "\(waits)")
    }
    await cluster.end()
  }

  /// Also what was there is noticed when it goes: an annotation of the template that is taken away.
  @Test func anAnnotationThatGoesFromTheTemplateIsLookedAt() async throws {
    let cluster = try await WebhookCluster("rollout-gone", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    try await cluster.create(
      .deployments,
      cluster.deployment("db").replacing(
        #""labels":{"app":"db"}},"#, with: #""labels":{"app":"db"},"annotations":{"postern.io/port":"5433","a":"b"}},"#)
    )
    cluster.webhook.kill()
    for (key, isFree) in [("a", true), ("postern.io/port", false)] {
      let patch = #"{"spec":{"template":{"metadata":{"annotations":{"\#(key)":null}}}}}"#
      let changed = try? await cluster.client.patch(
        .deployments, "db", in: "rollout-gone", .merge(try json(patch)), dryRun: true)
      #expect((changed != nil) == isFree, "\(key)")
    }
    await cluster.end()
  }

  @Test func aNamespaceThatIsDisabledIsLeftAlone() async throws {
    let cluster = try await WebhookCluster("disabled", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    try await cluster.client.patch(
      .namespaces, "disabled", .merge(try json(#"{"metadata":{"labels":{"postern.io/inject":"disabled"}}}"#)))
    cluster.webhook.kill()
    let isLeftAlone = try await eventually {
      let pod = try? await cluster.create(.pods, cluster.pod("db-\(UUID().uuidString.prefix(6).lowercased())"))
      return pod != nil && pod?["spec"]?["initContainers"] == nil
    }
    #expect(isLeftAlone)
    await cluster.end()
  }
}
