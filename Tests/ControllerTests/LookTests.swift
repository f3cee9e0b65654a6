import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// The controller with a real API server and a sidecar whose status the test sets.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct LookTests {
  private static func status(_ outcome: String, _ live: LiveObject, _ spec: LiveObject, _ members: String = "") throws
    -> String
  {
    let text = String(decoding: try #require(spec.data["spec.json"]), as: UTF8.self)
    let generation = String(decoding: try #require(live.data["generation"]), as: UTF8.self)
    return
      #"{"apiVersion":"postern.io/v1","outcome":"\#(outcome)","triedSpecHash":"\#(ScriptText(Array(text.utf8), isSecret: false).sha256)","#
      + #""triedGeneration":"\#(generation)","problems":[]\#(members)}"#
  }

  private func answer(_ outcome: String, of sidecar: StatusSidecar, in cluster: Leading, _ members: String = "")
    async throws
  {
    let live = try #require(await cluster.live(.secret, "acme-pg-passwords"))
    let spec = try #require(await cluster.live(.configMap, "acme-pg-spec"))
    sidecar.answers(try Self.status(outcome, live, spec, members))
  }

  /// Without a ServiceAccount, no Pod is admitted.
  private static func admitPods(_ cluster: Leading) async throws {
    let resource = Resource(plural: "serviceaccounts", kind: "ServiceAccount")
    try await cluster.client.create(
      resource, try json(#"{"metadata":{"name":"default","namespace":"\#(cluster.namespace)"}}"#))
  }

  /// A running Pod, with the status that a kubelet writes.
  private func runPod(_ name: String, port: Int?, in cluster: Leading) async throws {
    let ports = port.map { #","ports":[{"name":"postern","containerPort":\#($0)}]"# } ?? ""
    let manifest = try json(
      #"{"metadata":{"name":"\#(name)","namespace":"\#(cluster.namespace)","labels":{"postern.io/customer":"acme"},"#
        + #""annotations":{"postern.io/injected":"v1"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","#
        + #""name":"db-1","uid":"1","controller":true}]},"spec":{"nodeName":"node","containers":[{"name":"postgres","#
        + #""image":"postgres:17"},{"name":"postern","image":"sidecar"\#(ports)}]}}"#)
    try await cluster.client.create(.pods, manifest)
    let status = try json(
      #"{"status":{"phase":"Running","podIP":"127.0.0.1","podIPs":[{"ip":"127.0.0.1"}],"conditions":[{"type":"Ready","status":"True"}]}}"#
    )
    try await cluster.client.patchStatus(.pods, name, in: cluster.namespace, status)
  }

  private func condition(_ pod: String, in cluster: Leading) async throws -> String? {
    let pod = try await cluster.client.get(.pods, pod, in: cluster.namespace)
    let conditions = pod["status"]?["conditions"]?.array ?? []
    #expect(conditions.contains { $0["type"]?.string == "Ready" })
    return conditions.first { $0["type"]?.string == "postern.io/Provisioned" }.map {
      "\($0["status"]?.string ?? "") \($0["reason"]?.string ?? "") \($0["message"]?.string ?? "")"
    }
  }

  @Test func theConditionAndTheEventsSayWhatPostgresHolds() async throws {
    let sidecar = try await StatusSidecar.start()
    try await Leading.run("looks", before: Self.admitPods) { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      #expect(try await !cluster.events().contains { $0.hasPrefix("Provisioned") })
      sidecar.answers("", code: 401)
      try await runPod("db-1-a", port: sidecar.port, in: cluster)
      #expect(try await eventually { try await condition("db-1-a", in: cluster)?.hasPrefix("False Pending") == true })
      #expect(cluster.metric(#"postern_instances{state="pending"}"#) == 1)
      let token = try #require(await cluster.value("status-token", of: "acme-pg-passwords"))
      #expect(token.utf8.count == 32 && sidecar.tokens.allSatisfy { $0 == "Bearer \(token)" })

      try await answer("converged", of: sidecar, in: cluster)
      #expect(
        try await eventually {
          let text = try await condition("db-1-a", in: cluster)
          return text?.hasPrefix("True Converged declaration ") == true
            && text?.hasSuffix(": 1 user, 1 database, 0 scripts") == true
        })
      #expect(try await cluster.isTold("Provisioned Deployment db: declaration "))
      let line = #"postern_instance_provisioned{namespace="looks",customer="acme"}"#
      #expect(try await eventually { cluster.metric(line) == 1 })
      #expect(cluster.metric(#"postern_instances{state="provisioned"}"#) == 1)

      // Postgres refuses something: the Pod is no longer provisioned at once, and then the failure is reported.
      try await cluster.patch(
        .deployments, "db", #"{"metadata":{"annotations":{"postern.io/databases":"orders, bills"}}}"#)
      #expect(try await eventually { try await condition("db-1-a", in: cluster)?.hasPrefix("False Pending") == true })
      let problem = #","problems":[{"item":"database bills","message":"no room","hint":"make some","failure":true}]"#
      try await answer("incomplete", of: sidecar, in: cluster, problem)
      #expect(
        try await cluster.isTold("ProvisioningFailed Deployment db: database bills: no room; make some (declaration"))
      #expect(try await condition("db-1-a", in: cluster)?.hasPrefix("False Failing") == true)
      #expect(try await eventually { cluster.metric(line) == 0 })
      for secret in [token, try #require(await cluster.value("password", of: "acme-pg-user-shop"))] {
        #expect(try await !cluster.events().contains { $0.contains(secret) })
      }

      // A new password changes the generation.
      let generation = try await cluster.value("generation", of: "acme-pg-passwords")
      try await cluster.patch(.secrets, "acme-pg-user-shop", #"{"stringData":{"password":"another-1"}}"#)
      #expect(try await eventually { try await cluster.value("generation", of: "acme-pg-passwords") != generation })
      #expect(try await cluster.value("status-token", of: "acme-pg-passwords") == token)

      try await cluster.client.delete(.pods, "db-1-a", in: cluster.namespace)
    }
    await sidecar.stop()
  }

  @Test func ofTwoPodsTheLastTellsThatPostgresHoldsIt() async throws {
    let (first, second) = (try await StatusSidecar.start(), try await StatusSidecar.start())
    try await Leading.run("two-looks", before: Self.admitPods) { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      second.answers("", code: 401)
      try await answer("converged", of: first, in: cluster)
      try await runPod("db-1-b", port: second.port, in: cluster)
      #expect(try await eventually { try await condition("db-1-b", in: cluster)?.hasPrefix("False Pending") == true })
      try await runPod("db-1-a", port: first.port, in: cluster)
      #expect(try await eventually { try await condition("db-1-a", in: cluster)?.hasPrefix("True") == true })
      // The Pod is asked again meanwhile, and nothing is told.
      let asked = second.tokens.count
      #expect(try await eventually { second.tokens.count > asked + 1 })
      #expect(try await !cluster.events().contains { $0.hasPrefix("Provisioned") })
      try await answer("converged", of: second, in: cluster)
      #expect(try await cluster.isTold("Provisioned Deployment db: declaration "))
    }
    await first.stop()
    await second.stop()
  }

  @Test func aCustomerThatIsTakenOutHasNoMetricAnyMore() async throws {
    let sidecar = try await StatusSidecar.start()
    try await Leading.run("taken-out", before: Self.admitPods) { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten Deployment db: made "))
      try await answer("incomplete", of: sidecar, in: cluster)
      try await runPod("db-1-a", port: sidecar.port, in: cluster)
      let line = #"postern_instance_provisioned{namespace="taken-out",customer="acme"}"#
      #expect(try await eventually { cluster.metrics(line).count == 1 })
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/inject":"false"}}}"#)
      #expect(try await eventually { cluster.metrics(line).isEmpty })
    }
    await sidecar.stop()
  }

  @Test func whatCannotBeAskedIsUnknownAndWhy() async throws {
    let sidecar = try await StatusSidecar.start()
    let port = sidecar.port
    try await Leading.run("unasked", before: Self.admitPods) { cluster in
      try await cluster.create(Sample())
      try await runPod("db-1-none", port: nil, in: cluster)
      try await runPod("db-1-other", port: port, in: cluster)
      sidecar.answers("<html>")
      #expect(
        try await eventually {
          try await condition("db-1-none", in: cluster)?.contains("the sidecar has no status port") == true
        })
      #expect(
        try await eventually {
          try await condition("db-1-other", in: cluster)?.contains("gives no status") == true
        })
      #expect(try await condition("db-1-other", in: cluster)?.hasPrefix("Unknown Unreachable") == true)
      try await runPod("db-1-gone", port: 1, in: cluster)
      #expect(
        try await eventually {
          try await condition("db-1-gone", in: cluster)?.contains("port 1 does not answer") == true
        })
      #expect(try await eventually { cluster.metric(#"postern_instances{state="unreachable"}"#) == 1 })
    }
    await sidecar.stop()
  }
}
