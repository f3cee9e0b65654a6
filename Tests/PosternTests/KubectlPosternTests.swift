import Foundation
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

@testable import postern

/// `kubectl postern`, run by the real kubectl against a real API server.
@Suite(
  .blocking,
  .enabled(
    if: APIServer.program != nil && Kubectl.installed != nil, "no kube-apiserver and kubectl in K8S_BIN, or no etcd"))
struct KubectlPosternTests {
  /// It is never shut down, because it lives as long as the tests.
  private static let admin = Task { try await APIServer.shared.value.client() }

  private let server: APIServer
  private let client: KubernetesClient
  /// A namespace of this test.
  private let namespace = "plugin-\(UUID().uuidString.prefix(8).lowercased())"

  init() async throws {
    server = try await APIServer.shared.value
    client = try await Self.admin.value
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"\#(namespace)"}}"#))
    try await client.create(
      Resource(plural: "serviceaccounts", kind: "ServiceAccount"),
      try json(#"{"metadata":{"name":"default","namespace":"\#(namespace)"}}"#))
  }

  private func here(_ object: String) throws -> JSONValue {
    try json(object.replacing(#""namespace":"shop""#, with: #""namespace":"\#(namespace)""#))
  }

  /// A customer with a Pod that holds what is declared, or not.
  private func make(_ customer: String, condition: (String, String), uid: String? = nil) async throws {
    let spec = try StatusTests.spec(customer)
    try await client.create(.statefulSets, here(StatusTests.workload(customer, customer: customer)))
    try await client.create(.configMaps, here(spec.object))
    let message = condition.1.replacing("HASH", with: "declaration \(spec.hash.prefix(12)): ")
    let pod = try here(StatusTests.pod("\(customer)-0", customer: customer, condition: (condition.0, message)))
    try await client.create(.pods, pod)
    try await client.patchStatus(
      .pods, "\(customer)-0", in: namespace, .members([("status", pod["status"])]))
    try await client.create(
      .secrets,
      here(
        """
        {"metadata":{"name":"\(customer)-pg-user-shop","namespace":"shop","labels":{"postern.io/customer":"\(customer)",
        "app.kubernetes.io/managed-by":"postern"}},"stringData":{"password":"hunter2","uri":"x"}}
        """))
  }

  /// What `kubectl postern …` prints.
  private func kubectl(_ arguments: String..., user: String = "admin") throws -> Program.Answer {
    try Kubectl.plugin(arguments, kubeconfig: server.kubeconfig(user))
  }

  @Test func aListAndACustomerAreShownToThoseWhoMayReadThem() async throws {
    try await make("acme", condition: ("Converged", "HASH1 user, 1 database, 0 scripts"))
    try await make("bad", condition: ("Failing", "HASHextension x in orders: there is none; declare another"))

    let list = try kubectl("status", "-n", namespace)
    #expect(list.status == 0, "\(list.errors)")
    let lines = list.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("CUSTOMER   WORKLOAD") == true && lines.count == 3, "\(list.output)")
    #expect(lines.dropFirst().first?.contains("StatefulSet/acme   1/1     1       1") == true, "\(list.output)")
    #expect(lines.last?.contains("Failing") == true && lines.last?.contains("there is none") == true)

    let everywhere = try kubectl("status", "-A", "-o", "json")
    let items = try json(everywhere.output)["items"]?.array ?? []
    let ours = items.filter { $0["namespace"]?.string == namespace }
    #expect(ours.compactMap { $0["state"]?.string } == ["Provisioned", "Failing"])

    let one = try kubectl("status", "bad", "-n", namespace)
    #expect(one.output.contains("Name:       bad\n") && one.output.contains("bad-pg-user-shop"), "\(one.output)")
    #expect(one.output.contains("orders: owner") && one.output.contains("declare another"), "\(one.output)")
    for answer in [list, everywhere, one, try kubectl("status", "acme", "-n", namespace, "-o", "yaml")] {
      #expect(!answer.output.contains("hunter2") && !answer.errors.contains("hunter2"))
    }
    let none = try kubectl("status", "nobody", "-n", namespace)
    #expect(none.status == 1 && none.errors.contains(#"there is no customer "nobody""#), "\(none.errors)")
    let empty = try kubectl("status", "-n", "default")
    #expect(empty.status == 0 && empty.output.isEmpty && empty.errors.contains("no customers in namespace default"))
  }

  /// A user who may list Pods only.
  @Test func whatAUserMayNotReadIsLeftOutAndSaid() async throws {
    try await make("acme", condition: ("Converged", "HASH1 user, 1 database, 0 scripts"))
    let nobody = try kubectl("status", "-n", namespace, user: "nobody")
    #expect(nobody.status == 1 && nobody.errors.contains("you may list neither"), "\(nobody.errors)")
    let rbac = { (plural: String, kind: String) in
      Resource(group: "rbac.authorization.k8s.io", plural: plural, kind: kind)
    }
    try await client.create(
      rbac("roles", "Role"),
      try json(
        """
        {"metadata":{"name":"pods","namespace":"\(namespace)"},"rules":[{"apiGroups":[""],"resources":["pods"],
        "verbs":["list"]}]}
        """))
    try await client.create(
      rbac("rolebindings", "RoleBinding"),
      try json(
        """
        {"metadata":{"name":"pods","namespace":"\(namespace)"},"subjects":[{"kind":"User","name":"nobody",
        "apiGroup":"rbac.authorization.k8s.io"}],"roleRef":{"kind":"Role","name":"pods",
        "apiGroup":"rbac.authorization.k8s.io"}}
        """))
    let isAllowed = try await eventually { try kubectl("status", "-n", namespace, user: "nobody").status == 0 }
    #expect(isAllowed)
    let some = try kubectl("status", "acme", "-n", namespace, user: "nobody")
    #expect(some.status == 0 && some.output.contains("Workload:   StatefulSet/db"), "\(some.output)\(some.errors)")
    for plural in ["deployments", "statefulsets", "configmaps", "secrets"] {
      #expect(some.errors.contains("you may not list \(plural)"), "\(some.errors)")
    }
  }

  @Test func kubectlShowsItsHelpAndCompletesItsCommands() throws {
    let help = try kubectl("status", "--help")
    #expect(help.output.contains("USAGE: kubectl postern status"), "\(help.output)")
    let completion = try Kubectl.plugin(["st"], kubeconfig: server.kubeconfig(), before: ["__complete"])
    #expect(completion.output.contains("status\tWhat became") && !completion.output.contains("prune"), "\(completion)")
  }

  @Test func theListGoesOnWhenSomethingChanges() async throws {
    try await make("acme", condition: ("Pending", "HASHnot applied yet"))
    let program = try RunningProgram(["status", "-w", "-n", namespace, "--kubeconfig", server.kubeconfig()])
    try program.waitFor("the table") { $0.contains("not applied yet") }
    let spec = try StatusTests.spec()
    let condition =
      #"{"type":"postern.io/Provisioned","status":"True","reason":"Converged","message":"declaration \#(spec.hash.prefix(12)): all"}"#
    // What changes before the watch has begun is seen by its list.
    try await client.patchStatus(
      .pods, "acme-0", in: namespace, try json(#"{"status":{"conditions":[\#(condition)]}}"#))
    try program.waitFor("the change") { $0.contains("Provisioned") }
    try await client.delete(.pods, "acme-0", in: namespace)
    try await client.delete(.statefulSets, "acme", in: namespace)
    try program.waitFor("the end") { $0.contains("\(namespace)/acme is gone") }
    program.kill()
  }

  @Test func manyCustomersAreListedInPages() async throws {
    for number in 0..<700 {
      let object = StatusTests.workload("c\(number)", customer: "c\(number)", replicas: 0)
      try await client.create(.statefulSets, here(object))
    }
    let list = try kubectl("status", "-n", namespace)
    #expect(list.output.split(separator: "\n").count == 701, "\(list.errors)")
  }
}

extension Kubectl {
  /// Runs `kubectl postern …`. The plugin is the built command, under the name by which kubectl finds it.
  static func plugin(_ arguments: [String], kubeconfig: String, before: [String] = []) throws -> Program.Answer {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kubectl-postern-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["kubectl-postern", "kubectl_complete-postern"] {
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: name), withDestinationURL: Program.products.appending(path: "postern"))
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return try Program.run(
      before + ["postern"] + arguments, program: URL(filePath: installed?.program ?? ""),
      environment: ["KUBECONFIG": kubeconfig, "PATH": "\(folder.path):\(path)"])
  }
}
