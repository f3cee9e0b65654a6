import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

/// Connections as a real API server asks for them: by the registration in webhook-config, for each kind.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerConnectTests {
  private static let kinds: [(resource: Resource, spec: String)] = [
    (.deployments, #"{"selector":{"matchLabels":{"app":"web"}},"template":T}"#),
    (.statefulSets, #"{"serviceName":"web","selector":{"matchLabels":{"app":"web"}},"template":T}"#),
    (
      Resource(group: "apps", plural: "daemonsets", kind: "DaemonSet"),
      #"{"selector":{"matchLabels":{"app":"web"}},"template":T}"#
    ),
    (
      Resource(group: "apps", plural: "replicasets", kind: "ReplicaSet"),
      #"{"selector":{"matchLabels":{"app":"web"}},"template":T}"#
    ),
    (Resource(group: "batch", plural: "jobs", kind: "Job"), #"{"template":T}"#),
    (
      Resource(group: "batch", plural: "cronjobs", kind: "CronJob"),
      #"{"schedule":"* * * * *","jobTemplate":{"spec":{"template":T}}}"#
    ),
  ]

  private func template(_ kind: String, connections: String?, isLabelled: Bool = true) -> String {
    let label = isLabelled ? #","postern.io/connect":"acme""# : ""
    let annotations = connections.map { #"{"postern.io/connections":"\#($0)"}"# } ?? "{}"
    let restart = kind.hasSuffix("Job") ? #","restartPolicy":"OnFailure""# : ""
    return """
      {"metadata":{"labels":{"app":"web"\(label)},"annotations":\(annotations)},
       "spec":{"containers":[{"name":"web","image":"web"}],"initContainers":[{"name":"migrate","image":"web"}]\(restart)}}
      """
  }

  private func workload(
    _ kind: (resource: Resource, spec: String), _ name: String, in namespace: String, _ template: String,
    labels: String = "{}"
  ) -> String {
    """
    {"apiVersion":"\(kind.resource.apiVersion)","kind":"\(kind.resource.kind)",
     "metadata":{"name":"\(name)","namespace":"\(namespace)","labels":\(labels)},
     "spec":\(kind.spec.replacing("T}", with: template + "}"))}
    """
  }

  @Test func everyKindIsCheckedAndOnlyWhatConnectsIsSent() async throws {
    let cluster = try await WebhookCluster("connects", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    for kind in Self.kinds {
      let name = kind.resource.kind.lowercased()
      func create(_ suffix: String, _ template: String, labels: String = "{}") async throws -> JSONValue {
        try await cluster.create(
          kind.resource, workload(kind, "\(name)-\(suffix)", in: "connects", template, labels: labels), dryRun: true)
      }
      // The registration may take a moment to be known.
      #expect(
        try await eventually {
          let error = await #expect(throws: KubernetesError.self) {
            try await create("wrong", template(kind.resource.kind, connections: "a/b/c"))
          }
          return error?.description.contains("neither USER nor USER/DATABASE") == true
        }, "\(name)")
      let missing = await #expect(throws: KubernetesError.self) {
        try await create("missing", template(kind.resource.kind, connections: nil))
      }
      #expect(missing?.description.contains("does not say as whom") == true, "\(name)")
      let misplaced = await #expect(throws: KubernetesError.self) {
        try await create(
          "misplaced", template(kind.resource.kind, connections: nil, isLabelled: false),
          labels: #"{"postern.io/connect":"acme"}"#)
      }
      #expect(misplaced?.description.contains("the Pods do not have their") == true, "\(name)")
      _ = try await create("right", template(kind.resource.kind, connections: "shop/orders"))
      #expect(try await eventually { cluster.webhook.output.contains("\(name)-right") })
      _ = try await create("other", template(kind.resource.kind, connections: nil, isLabelled: false))
      #expect(!cluster.webhook.output.contains("\(name)-other"), "\(name)")
    }
    await cluster.end()
  }

  /// While the webhook is away, what runs can be scaled and get new images.
  @Test func onlyAChangeOfTheConnectionIsSent() async throws {
    let cluster = try await WebhookCluster("changes", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    let object = workload(
      Self.kinds[0], "web", in: "changes", template("Deployment", connections: "shop"))
    try await cluster.create(.deployments, object)
    let cronJob = Self.kinds[5]
    try await cluster.create(
      cronJob.resource, workload(cronJob, "web", in: "changes", template("CronJob", connections: "shop")))
    cluster.webhook.kill()
    func patch(_ text: String, _ resource: Resource = .deployments) async throws {
      try await cluster.client.patch(resource, "web", in: "changes", .strategic(try json(text)), as: .nothing)
    }
    func job(_ annotation: String) -> String {
      #"{"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"annotations":{\#(annotation)}}}}}}}"#
    }
    try await patch(job(#""checksum/config":"2""#), cronJob.resource)
    let refused = await #expect(throws: KubernetesError.self) {
      try await patch(job(#""postern.io/connections":"other""#), cronJob.resource)
    }
    #expect(refused?.description.contains("connections.postern.io") == true, "\(refused?.description ?? "")")
    try await patch(#"{"spec":{"replicas":3}}"#)
    try await patch(#"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}"#)
    for change in [
      #"{"spec":{"template":{"metadata":{"annotations":{"postern.io/connections":"other"}}}}}"#,
      #"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"},{"name":"more","image":"x"}]}}}}"#,
    ] {
      let error = await #expect(throws: KubernetesError.self) { try await patch(change) }
      #expect(error?.description.contains("connections.postern.io") == true, "\(error?.description ?? "")")
    }
    await cluster.end()
  }

  @Test func thePatchAppliesToPodsOfEveryShape() async throws {
    let cluster = try await WebhookCluster("patched", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    func pod(_ name: String, _ connections: String, labels: String = "", spec: String) -> String {
      """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\(name)","namespace":"patched",
       "labels":{"postern.io/connect":"acme"\(labels)},"annotations":{"postern.io/connections":"\(connections)"}},"spec":\(spec)}
      """
    }
    let plain = #"{"containers":[{"name":"web","image":"web"}]}"#
    let full =
      #"{"initContainers":[{"name":"mesh","image":"m","restartPolicy":"Always"},{"name":"migrate","image":"web"}],"containers":[{"name":"web","image":"web","env":[{"name":"URL","value":"$(PGHOST)"}],"volumeMounts":[{"name":"data","mountPath":"/data"}]}],"volumes":[{"name":"data","emptyDir":{}}]}"#
    for (index, connections) in [
      "shop", "shop/orders", "[{user: shop, env: service, wait: true}]",
      "[{user: a, database: x, wait: true}, {user: b, name: b.c, env: {DB: jdbc-uri}, database: y}]",
    ].enumerated() {
      for (kind, spec) in [("plain", plain), ("full", full)] {
        let made = try await cluster.create(.pods, pod("\(kind)-\(index)", connections, spec: spec))
        #expect(made["metadata"]?["annotations"]?["postern.io/connected"]?.string == "v1")
        let variables = made["spec"]?["containers"]?.array?[0]["env"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(variables).count == variables.count && variables.first == "SERVICE_BINDING_ROOT")
        let waits = made["spec"]?["initContainers"]?.array?.contains { $0["name"]?.string == "postern-wait" } == true
        #expect(waits == connections.contains("wait"))
      }
    }
    // Both labels: each webhook adds its own, the second to what the first has patched.
    let both = try await cluster.create(
      .pods,
      pod(
        "both", "shop", labels: #","postern.io/customer":"other""#,
        spec: #"{"containers":[{"name":"postgres","image":"postgres:17"},{"name":"sync","image":"web"}]}"#))
    #expect(both["metadata"]?["annotations"]?["postern.io/injected"] != nil)
    #expect(both["metadata"]?["annotations"]?["postern.io/connected"] != nil)
    let containers = both["spec"]?["containers"]?.array ?? []
    #expect(containers[0]["env"]?.array?.contains { $0["name"]?.string == "PGHOST" } != true)
    #expect(containers[1]["env"]?.array?.contains { $0["name"]?.string == "PGHOST" } == true)
    await cluster.end()
  }
}
