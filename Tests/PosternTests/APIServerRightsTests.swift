import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

@testable import postern

/// What the controller's ServiceAccount may write with webhook-config's roles and policy, by a real API server.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerRightsTests {
  private static let rbac = "rbac.authorization.k8s.io"
  private static let admission = "admissionregistration.k8s.io"
  private static let applied: [Resource] = [
    Resource(group: rbac, plural: "clusterroles", kind: "ClusterRole", isNamespaced: false),
    Resource(group: rbac, plural: "clusterrolebindings", kind: "ClusterRoleBinding", isNamespaced: false),
    Resource(
      group: admission, plural: "validatingadmissionpolicies", kind: "ValidatingAdmissionPolicy", isNamespaced: false),
    Resource(
      group: admission, plural: "validatingadmissionpolicybindings", kind: "ValidatingAdmissionPolicyBinding",
      isNamespaced: false),
  ]
  private static let namespace = "entitled"
  private static let image = "ghcr.io/postern/postern-sidecar"

  private static func sidecar(_ image: String) -> String {
    #"{"spec":{"initContainers":[{"name":"postern","image":"\#(image)"}]}}"#
  }

  /// Patches of a Pod, and whether they may be.
  private static let pods: [(String, Bool)] = [
    (#"{"metadata":{"annotations":{"postern.io/updated":"a"}}}"#, true), (sidecar("\(image):2"), true),
    (sidecar("\(image)@sha256:\(String(repeating: "a", count: 64))"), true), (sidecar(image), true),
    (sidecar("\(image):3@sha256:\(String(repeating: "b", count: 64))"), true),
    (
      #"{"metadata":{"annotations":{"postern.io/sidecar-updated":"t"}},"spec":{"initContainers":[{"name":"postern","image":"\#(image):4"}]}}"#,
      true
    ),
    (sidecar("\(image)-evil:1"), false), (sidecar("\(image)/evil:1"), false),
    (sidecar("ghcr.io:443/postern/x:1"), false),
    (sidecar("evil.io/postern/postern-sidecar:1"), false), (sidecar("postern-sidecar:1"), false),
    (sidecar("ghcr.io/postern:1"), false),
    (#"{"spec":{"initContainers":[{"name":"first","image":"i:2"}]}}"#, false),
    (#"{"spec":{"containers":[{"name":"postgres","image":"postgres:18"}]}}"#, false),
    (#"{"spec":{"activeDeadlineSeconds":60}}"#, false),
    (#"{"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}}"#, false),
    (#"{"metadata":{"labels":{"postern.io/customer":"b"}}}"#, false),
    (#"{"metadata":{"finalizers":["a.io/b"]}}"#, false),
    (#"{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b"}]}}"#, false),
  ]

  /// Patches of a Pod's status, and whether they may be.
  private static let statuses: [(String, Bool)] = [
    (#"{"conditions":[{"type":"postern.io/Provisioned","status":"True","reason":"Converged","message":"m"}]}"#, true),
    (#"{"conditions":[{"type":"postern.io/Provisioned","status":"False","reason":"Failing","message":"n"}]}"#, true),
    (#"{"conditions":[{"type":"Ready","status":"True"}]}"#, false),
    (#"{"conditions":[{"type":"ContainersReady","status":"True"}]}"#, false),
    (#"{"conditions":[{"type":"example.com/Gate","status":"True"}]}"#, false),
    (#"{"conditions":[{"type":"postern.io/Other","status":"True"}]}"#, false),
    (#"{"phase":"Failed"}"#, false),
    (#"{"podIP":"10.0.0.9","podIPs":[{"$patch":"replace"},{"ip":"10.0.0.9"}]}"#, false),
    (#"{"hostIP":"10.0.0.9","hostIPs":[{"$patch":"replace"},{"ip":"10.0.0.9"}]}"#, false), (#"{"reason":"a"}"#, false),
    (#"{"message":"a"}"#, false),
    (#"{"startTime":"2026-01-01T00:00:00Z"}"#, false),
    (#"{"containerStatuses":[{"name":"postgres","ready":false,"restartCount":1,"image":"p","imageID":""}]}"#, false),
    (#"{"initContainerStatuses":[{"name":"postern","ready":false,"restartCount":1,"image":"p","imageID":""}]}"#, false),
  ]

  /// Secrets that are made, and whether they may be.
  private static let secrets: [(String, Bool)] = [
    (#""metadata":{"name":"a-pg-x","namespace":"entitled","labels":{"app.kubernetes.io/managed-by":"postern"}}"#, true),
    (#""metadata":{"name":"a-pg-y","namespace":"entitled"}"#, false),
    (#""metadata":{"name":"a","namespace":"entitled","labels":{"app.kubernetes.io/managed-by":"postern"}}"#, false),
    (
      #""type":"kubernetes.io/service-account-token","metadata":{"name":"a-pg-z","namespace":"entitled","labels":{"app.kubernetes.io/managed-by":"postern"},"annotations":{"kubernetes.io/service-account.name":"default"}}"#,
      false
    ),
    (
      #""metadata":{"name":"a-pg-x","namespace":"kube-system","labels":{"app.kubernetes.io/managed-by":"postern"}}"#,
      false
    ),
  ]

  private func setUp(_ admin: KubernetesClient) async throws {
    try await admin.create(.namespaces, try json(#"{"metadata":{"name":"\#(Self.namespace)"}}"#))
    try await admin.create(
      Resource(plural: "serviceaccounts", kind: "ServiceAccount"),
      try json(#"{"metadata":{"name":"default","namespace":"\#(Self.namespace)"}}"#))
    let folder = Program.package.appending(path: "webhook-config/base")
    for file in ["controller-role.yaml", "controller-policy.yaml"] {
      for object in try ManifestReader().read([folder.appending(path: file).path]).map(\.object) {
        guard let resource = Self.applied.first(where: { $0.kind == object["kind"]?.string }) else { continue }
        try await admin.create(resource, resource.group == Self.rbac ? renamed(object) : object)
      }
    }
    let pod = """
      {"metadata":{"name":"p","namespace":"\(Self.namespace)","labels":{"postern.io/customer":"a"}},
      "spec":{"nodeName":"n","initContainers":[{"name":"first","image":"i:1"},
      {"name":"postern","image":"\(Self.image):1","restartPolicy":"Always"}],
      "containers":[{"name":"postgres","image":"postgres:17"}]}}
      """
    try await admin.create(.pods, try json(pod))
    let status = """
      {"status":{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"}],"hostIP":"10.0.0.2",
      "hostIPs":[{"ip":"10.0.0.2"}],"conditions":[{"type":"Ready","status":"False"}],
      "initContainerStatuses":[{"name":"first","ready":true,"restartCount":0,"image":"i","imageID":""},
      {"name":"postern","ready":true,"restartCount":0,"image":"p","imageID":""}],
      "containerStatuses":[{"name":"postgres","ready":true,"restartCount":0,"image":"p","imageID":""}]}}
      """
    try await admin.patchStatus(.pods, "p", in: Self.namespace, try json(status))
  }

  /// A role or its binding by a name of this test's own, because another test makes Postern's for other accounts.
  private func renamed(_ object: JSONValue) -> JSONValue {
    guard case .object(var members) = object else { return object }
    for key in ["metadata", "roleRef"] {
      guard case .object(var part)? = members[key], let name = part["name"]?.string else { continue }
      part["name"] = .string("\(Self.namespace)-\(name)")
      members[key] = .object(part)
    }
    return .object(members)
  }

  @Test func theControllerWritesWhatItNeedsAndNothingElse() async throws {
    let server = try await APIServer.shared.value
    let admin = try server.client()
    let controller = try server.client("controller") { $0.maximumTries = 1 }
    do { try await tryRights(admin, controller) } catch { Issue.record(error) }
    await admin.shutdown()
    await controller.shutdown()
  }

  /// Without overlays/restart it evicts nothing; with it, nothing in the system's namespaces.
  private func tryEvictions(
    _ admin: KubernetesClient, _ controller: KubernetesClient, _ refusal: (() async throws -> Void) async -> String?
  ) async throws {
    let places = [Self.namespace, "kube-system"]
    for place in places {
      if place != Self.namespace {
        try await admin.create(
          Resource(plural: "serviceaccounts", kind: "ServiceAccount"),
          try json(#"{"metadata":{"name":"default","namespace":"\#(place)"}}"#))
      }
      try await admin.create(
        .pods,
        try json(
          #"{"metadata":{"name":"web","namespace":"\#(place)"},"spec":{"nodeName":"n","containers":[{"name":"a","image":"i"}]}}"#
        ))
    }
    func evict(_ place: String) async -> String? {
      await refusal {
        let uid = try await admin.get(.pods, "web", in: place)["metadata"]?["uid"]?.string
        try await controller.evict("web", in: place, uid: uid ?? "")
      }
    }
    for place in places { #expect(await evict(place)?.contains("403 Forbidden") == true) }
    let file = Program.package.appending(path: "webhook-config/overlays/restart/rights.yaml")
    for object in try ManifestReader().read([file.path]).map(\.object) {
      let resource = try #require(Self.applied.first { $0.kind == object["kind"]?.string })
      try await admin.create(resource, renamed(object))
    }
    #expect(try await eventually { await evict(Self.namespace) == nil })
    #expect(await evict("kube-system")?.contains("ValidatingAdmissionPolicy") == true)
  }

  private func tryRights(_ admin: KubernetesClient, _ controller: KubernetesClient) async throws {
    try await setUp(admin)
    func refusal(_ act: () async throws -> Void) async -> String? {
      do {
        try await act()
        return nil
      } catch { return "\(error)" }
    }
    func patch(_ text: String, dryRun: Bool = false) async -> String? {
      await refusal {
        try await controller.patch(
          .pods, "p", in: Self.namespace, .strategic(try json(text)), dryRun: dryRun, as: .nothing)
      }
    }
    // The API server knows new roles and policies after a moment.
    #expect(
      try await eventually {
        await patch(#"{"metadata":{"annotations":{"postern.io/updated":"0"}}}"#) == nil
      })
    #expect(
      try await eventually {
        await patch(Self.sidecar("evil.io/s:1"), dryRun: true)?.contains("within one repository") == true
      })
    func check(_ what: String, _ isAllowed: Bool, _ text: String?) {
      #expect(
        isAllowed ? text == nil : text?.contains("ValidatingAdmissionPolicy") == true, "\(what): \(text ?? "taken")")
    }
    for (text, isAllowed) in Self.pods { check(text, isAllowed, await patch(text)) }
    for (text, isAllowed) in Self.statuses {
      check(
        text, isAllowed,
        await refusal {
          try await controller.patchStatus(.pods, "p", in: Self.namespace, try json(#"{"status":\#(text)}"#))
        })
    }
    for (text, isAllowed) in Self.secrets {
      check(text, isAllowed, await refusal { try await controller.create(.secrets, try json("{\(text)}")) })
    }
    try await tryEvictions(admin, controller, refusal)
    // A classic sidecar is an ordinary container.
    let classic = """
      {"metadata":{"name":"classic","namespace":"\(Self.namespace)"},"spec":{"containers":[
      {"name":"postgres","image":"postgres:17"},{"name":"postern","image":"\(Self.image):1"}]}}
      """
    try await admin.create(.pods, try json(classic))
    let change = #"{"spec":{"containers":[{"name":"postern","image":"\#(Self.image):2"}]}}"#
    check(
      "classic", false,
      await refusal {
        try await controller.patch(.pods, "classic", in: Self.namespace, .strategic(try json(change)), as: .nothing)
      })
  }
}
