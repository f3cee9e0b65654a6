import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

/// `postern prune`, the program itself, in a real cluster.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct PruneTests
{
  private func secret(_ name: String, customer: String, more: String = "", managed: String = "postern") throws
    -> JSONValue
  {
    try json(
      """
      {"metadata":{"name":"\(name)","namespace":"prune","labels":{"postern.io/customer":"\(customer)",
      "app.kubernetes.io/managed-by":"\(managed)"}\(more)},"stringData":{"password":"hunter2"}}
      """)
  }

  /// By a Deployment's own label, by a template's alone, without Pods, and by a Pod: each is a use.
  @Test func onlyWhatNobodyUsesIsRemovedAndOnlyWhereAsked() async throws {
    let server = try await APIServer.shared.value
    let client = try server.client()
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"prune"}}"#))
    let workload = { (name: String, own: String, template: String) in
      try json(
        """
        {"metadata":{"name":"\(name)","namespace":"prune","labels":\(own)},"spec":{"replicas":0,"serviceName":"x",
        "selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"\(template)}},
        "spec":{"containers":[{"name":"postgres","image":"postgres"}]}}}}
        """)
    }
    try await client.create(.statefulSets, workload("a", #"{"postern.io/customer":"labelled"}"#, ""))
    try await client.create(.statefulSets, workload("b", "{}", #","postern.io/customer":"templates""#))
    for customer in ["labelled", "templates", "gone"] {
      try await client.create(.secrets, secret("\(customer)-pg-admin", customer: customer))
    }
    let since = #","annotations":{"postern.io/unused-since":"2026-11-01T00:00:00Z"}"#
    try await client.create(.secrets, secret("gone-pg-user-shop", customer: "gone", more: since))
    try await client.create(.secrets, secret("gone-pg-mine", customer: "gone", managed: "me"))
    try await client.create(.secrets, secret("other", customer: "gone"))
    // A copy of one, which an application uses: its labels are copied, and nothing of it was written by Postern.
    try await client.create(.secrets, secret("gone-pg-user-copy", customer: "gone"))
    try await client.patch(
      .secrets, "gone-pg-user-copy", in: "prune", .merge(json(#"{"metadata":{"managedFields":[{}]}}"#)))
    let owner =
      #","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"a","uid":"00000000-0000-0000-0000-000000000001"}]"#
    try await client.create(.secrets, secret("gone-pg-passwords", customer: "gone", more: owner))

    let arguments = ["prune", "--kubeconfig", server.kubeconfig(), "--namespaces", "prune"]
    let listed = try Program.run(arguments)
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(
      listed.output == "prune/gone-pg-admin\tunused\nprune/gone-pg-user-shop\tunused since 2026-11-01T00:00:00Z\n")
    #expect(listed.errors == "nothing was removed: --yes removes these 2\n")
    let removed = try Program.run(arguments + ["--yes"])
    #expect(removed.output.split(separator: "\n").count == 2 && removed.output.hasPrefix("removed "))
    let left = try await client.list(Selection(.secrets, namespace: "prune")).items
      .compactMap { $0["metadata"]?["name"]?.string }
    #expect(
      left.sorted() == [
        "gone-pg-mine", "gone-pg-passwords", "gone-pg-user-copy", "labelled-pg-admin", "other", "templates-pg-admin",
      ])
    #expect(try Program.run(arguments).errors == "every Secret that Postern made is in use\n")
    let nobody = try Program.run(["prune", "--kubeconfig", server.kubeconfig("nobody")])
    #expect(nobody.status == 1 && nobody.errors.contains("forbidden"), "\(nobody.errors)")
    await client.shutdown()
  }

  @Test func withoutAClusterItEnds() throws {
    let answer = try Program.run(["prune", "--kubeconfig", "/no/kubeconfig"])
    #expect(answer.status == 2 && answer.errors.hasPrefix("error: /no/kubeconfig"), "\(answer.errors)")
  }
}
