import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing
import ThrowawayPostgres

@testable import postern

/// `postern check` without a file: what is made of a cluster's objects.
@Suite(.blocking) struct LiveCheckTests {
  /// The rights that are asked for are those that are installed.
  @Test(arguments: [
    ("webhook-role.yaml", ServiceAccountRight.webhook), ("controller-role.yaml", ServiceAccountRight.controller),
  ]) func theRightsAreThoseOfTheInstallation(_ file: String, _ rights: [ServiceAccountRight]) throws {
    let path = Program.package.appending(path: "webhook-config/base/\(file)").path
    var installed: Set<ServiceAccountRight> = []
    for manifest in try ManifestReader().read([path]) where ["Role", "ClusterRole"].contains(manifest.kind) {
      // What is only for --self-signed is not needed everywhere.
      guard !["postern-webhook-configurations", "postern-certificate"].contains(manifest.name) else { continue }
      func texts(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
      for rule in manifest.object["rules"]?.array ?? [] {
        for verb in texts(rule["verbs"]) {
          for resource in texts(rule["resources"]) {
            let parts = resource.split(separator: "/").map(String.init)
            installed.insert(
              ServiceAccountRight(
                verb: verb, group: texts(rule["apiGroups"]).first ?? "", resource: parts[0],
                subresource: parts.count > 1 ? parts[1] : nil, name: texts(rule["resourceNames"]).first,
                isInOwnNamespace: manifest.kind == "Role"))
          }
        }
      }
    }
    #expect(Set(rights) == installed)
  }

  @Test(arguments: [
    (2, 2, "0.1.0", ["good", "good"]), (2, 1, "0.1.0", ["warning", "good"]), (2, 0, "0.1.0", ["failure", "good"]),
    (1, 1, "0.0.9", ["good", "warning"]), (1, 1, "latest", ["good"]),
  ]) func aDeploymentIsJudged(_ wanted: Int, _ available: Int, _ tag: String, _ levels: [String]) throws {
    let object = try json(
      """
      {"spec":{"replicas":\(wanted),"template":{"spec":{"containers":[{"image":"ghcr.io/postern/postern:\(tag)"}]}}},
      "status":{"availableReplicas":\(available)}}
      """)
    #expect(ControlPlaneCheck.judge(object, "webhook", "postern-webhook").map(\.level.rawValue) == levels)
  }

  /// Everything is refused, or all but the first question breaks off: what is known by then is printed.
  @Test(arguments: [false, true])
  func whatIsKnownIsPrintedWhateverElseIsRefused(_ breaksOff: Bool) async throws {
    let cluster = try await ForwardedCluster.start(.newest) { request in
      let isFirst = request.path.contains("webhookconfigurations")
      return breaksOff && !isFirst ? .status(500, "InternalError", "broken") : .status(403, "Forbidden", "no")
    }
    let answer = try await cluster.run(["check", "-n", "shop"])
    #expect(
      answer.output.contains("‼ it is not known whether the MutatingWebhookConfiguration is registered"), "\(answer)")
    if breaksOff {
      #expect(answer.status == 1 && answer.output.contains("× the rest of it is not known: list "), "\(answer)")
    } else {
      #expect(answer.status == 0, "\(answer)")
      for line in [
        "Deployment postern-system/postern-controller was not looked at", "you may not list pods", "configmaps",
      ] {
        #expect(answer.output.contains(line), "\(line) in \(answer)")
      }
      #expect(!answer.output.contains("0 customers"))
    }
    await cluster.stop()
  }

  @Test func aLeaderMustHaveRenewedItsLease() throws {
    let lease = { (holder: String) in
      try json(#"{"spec":{"holderIdentity":"\#(holder)","renewTime":"2026-11-21T10:00:00.000000Z"}}"#)
    }
    let now: Int64 = 1_795_255_200
    #expect(try ControlPlaneCheck.judge(lease("a_1"), now: now + 10) == .good("controller", "a leads"))
    #expect(try ControlPlaneCheck.judge(lease("a_1"), now: now + 100).level == .failure)
    #expect(try ControlPlaneCheck.judge(lease(""), now: now).level == .failure)
    #expect(try ControlPlaneCheck.judge(json("{}"), now: now).level == .failure)
  }

  @Test(arguments: [
    (#"{"args":["serve","--namespaces=a, b"]}"#, ["a", "b"]), (#"{"args":["--namespaces","a"]}"#, ["a"]),
    (#"{"env":[{"name":"POSTERN_NAMESPACES","value":"c"}]}"#, ["c"]), (#"{"args":["serve"]}"#, nil),
  ]) func theServedNamespacesAreKnown(_ container: String, _ namespaces: [String]?) throws {
    #expect(ControlPlaneCheck.namespaces(try json(#"{"containers":[\#(container)]}"#)) == namespaces)
  }

  /// Those that webhook-config registers, and none is passed over in silence.
  @Test(arguments: [Resource.mutatingWebhookConfigurations, .validatingWebhookConfigurations])
  func everyWebhookOfThisVersionIsRegistered(resource: Resource) throws {
    let name = resource.kind.hasPrefix("Mutating") ? "mutating" : "validating"
    let file = Program.package.appending(path: "webhook-config/base/\(name)-webhook.yaml").path
    let object = try #require(try ManifestReader().read([file]).first?.object)
    let registered = object["webhooks"]?.array ?? []
    #expect(registered.compactMap { $0["name"]?.string } == WebhookRegistration.names[resource.kind])
    for missing in registered.indices {
      guard case .object(var root) = object else { continue }
      var rest = registered
      rest.remove(at: missing)
      root["webhooks"] = .array(rest)
      let problems = WebhookRegistration(.object(root), resource).problems.filter { $0.text.contains("has no webhook") }
      let name = registered[missing]["name"]?.string ?? ""
      #expect(problems.map(\.level) == [.failure] && problems.first?.text.contains(name) == true)
    }
  }

  private func registration(_ authority: String, failurePolicy: String = "Fail") throws -> WebhookRegistration {
    let bundle = authority.isEmpty ? "" : try Data(contentsOf: URL(filePath: authority)).base64EncodedString()
    let webhooks = ["pods", "workloads", "connections"].map {
      """
      {"name":"\($0).postern.io","failurePolicy":"\(failurePolicy)","clientConfig":{"caBundle":"\(bundle)",
      "service":{"name":"postern","namespace":"postern-system"}}}
      """
    }.joined(separator: ",")
    return WebhookRegistration(
      try json(
        """
        {"metadata":{},"webhooks":[\(webhooks)]}
        """), .mutatingWebhookConfigurations)
  }

  @Test func aCertificateMustBeTrustedCurrentAndForTheName() throws {
    let (certificates, others) = (try Certificates(), try Certificates())
    let read = { (file: String) in try String(contentsOfFile: file, encoding: .utf8) }
    let current = try read(certificates.issue("current").certificateFile)
    let expired = try read(certificates.issue("expired", .expired).certificateFile)
    let trusting = try registration(certificates.authorityFile)
    let name = "postern-webhook.postern-system.svc"
    func levels(_ registration: WebhookRegistration, _ pem: String?, name: String = name, later: Int = 0) -> [String] {
      registration.judge(pem, name: name, now: Int(Date().timeIntervalSince1970) + later).map(\.level.rawValue)
    }
    // It is valid for two days.
    #expect(levels(trusting, current) == ["good", "warning"])
    #expect(levels(trusting, current, later: -10 * 86_400) == ["good", "good"])
    #expect(levels(trusting, expired) == ["good", "failure"])
    #expect(levels(trusting, current, name: "other.svc") == ["good", "failure", "warning"])
    #expect(levels(try registration(others.authorityFile), current) == ["failure", "warning"])
    #expect(levels(trusting, nil) == ["failure"])
    #expect(try registration("").problems.map(\.level) == [.failure, .failure, .failure])
    let ignoring = try registration(certificates.authorityFile, failurePolicy: "Ignore")
    #expect(ignoring.problems.map(\.level) == [.warning, .warning, .warning])
    #expect(trusting.problems == [])
  }

  @Test(arguments: [
    (Resource.deployments, "shop", #""annotations":{"postern.io/inject":"false"}"#, "", "postern.io/inject"),
    (.deployments, "kube-system", "", "", "kube-system"),
    (.deployments, "shop", "", #""hostNetwork":true,"#, "network"),
    (Resource(plural: "daemonsets", kind: "DaemonSet"), "shop", "", "", "a DaemonSet is not served"),
    (.deployments, "shop", "", "", "no container"),
  ]) func whyALabelDoesNothingIsSaid(
    _ resource: Resource, _ namespace: String, _ metadata: String, _ spec: String, _ reason: String
  ) throws {
    let object = try json(
      """
      {"metadata":{"name":"x"\(metadata.isEmpty ? "" : ",")\(metadata)},"spec":{"template":{"spec":{\(spec)
      "containers":[{"name":"web","image":"nginx"}]}}}}
      """)
    let label = IdleLabel(object, resource, namespace: namespace)
    #expect(
      label?.reason.contains(reason) == true && label?.object == "\(namespace)/\(resource.kind)/x", "\(label as Any)")
  }

  @Test func labelsAndPodsThatGetNothingAreSeenInTheLists() throws {
    var cluster = SeenCluster()
    let idle = StatusTests.workload("web", annotations: "").replacing("postgres", with: "nginx")
    cluster.take([try StatusTests.sighting(idle, .deployments)], of: .deployments)
    cluster.take([try StatusTests.sighting(StatusTests.pod("db-0", isInjected: false), .pods)], of: .pods)
    #expect(cluster.idleLabels.map(\.object) == ["shop/Deployment/web"])
    let pods = cluster.podsWithoutSidecar
    #expect(pods.map(\.pod) == ["db-0"])
    let early = CustomerCheck.withoutSidecar(pods, registered: "2026-11-22T00:00:00Z")
    #expect(early.map(\.level) == [.failure] && early.first?.text.contains("before the webhook") == true)
    let late = CustomerCheck.withoutSidecar(pods, registered: "2026-11-20T00:00:00Z")
    #expect(late.map(\.level) == [.failure] && late.first?.text.contains("was not asked") == true)
    #expect(CustomerCheck.withoutSidecar([], registered: nil) == [])
  }

  @Test func withoutAClusterItEnds() throws {
    let answer = try Program.run(["check", "--kubeconfig", "/no/kubeconfig"])
    #expect(answer.status == 2 && answer.errors.hasPrefix("error: /no/kubeconfig"), "\(answer.errors)")
  }
}

/// The same in a real cluster.
@Suite(
  .blocking,
  .enabled(
    if: APIServer.program != nil && Kubectl.installed != nil, "no kube-apiserver and kubectl in K8S_BIN, or no etcd"))
struct LiveCheckClusterTests {
  private static let system = "checked-system"
  private static let configurations: [(Resource, String)] = [
    (.mutatingWebhookConfigurations, "mutate"), (.validatingWebhookConfigurations, "validate"),
  ]

  /// The lines of a check, with their marks. Its names differ from Postern's own, which another test uses in this
  /// cluster.
  private func check(_ server: APIServer) async throws -> [String] {
    let access = try ClusterAccess(
      kubeconfig: server.kubeconfig(), context: nil, namespace: "checked", isEverywhere: false, console: Console())
    return try await access.using { access throws(CommandError) in
      try await LiveCheck(access: access, configuration: "checked", system: Self.system).results()
    }.map { "\($0.level.rawValue) \($0.text)" }
  }

  /// What a user without rights is told, by the program.
  @Test func whoMayNotLookIsToldSo() async throws {
    let server = try await APIServer.shared.value
    let nobody = try Kubectl.plugin(["check", "-n", "default"], kubeconfig: server.kubeconfig("nobody"))
    #expect(nobody.status == 0, "\(nobody.errors)")
    for line in ["nothing failed", "you may not get leases", "you may not list statefulsets"] {
      #expect(nobody.output.contains(line), "\(nobody.output)")
    }
    let admin = try Kubectl.plugin(["check", "-n", "default", "-o", "json"], kubeconfig: server.kubeconfig())
    #expect(try json(admin.output).array?.isEmpty == false, "\(admin.errors)")
  }

  /// The webhook is a program outside of the cluster, and everything else is made here.
  @Test func whatWorksAndWhatDoesNotIsSaid() async throws {
    let server = try await APIServer.shared.value
    let cluster = try await WebhookCluster("checked", failurePolicy: "Fail")
    let nothing = try await check(server)
    #expect(nothing.contains("failure there is no MutatingWebhookConfiguration checked"), "\(nothing)")
    #expect(nothing.contains("failure there is no Deployment \(Self.system)/postern-webhook"), "\(nothing)")

    for (resource, path) in Self.configurations {
      guard case .object(var object) = try await cluster.client.get(resource, "checked-\(path)") else { continue }
      object["metadata"] = try json(#"{"name":"checked"}"#)
      try await cluster.client.create(resource, .object(object))
    }
    let reached = [
      "good MutatingWebhookConfiguration checked is registered", "good a Pod gets its sidecar (a dry run in checked)",
      "good a wrong declaration is refused (a dry run in checked)",
    ]
    let isReached = try await eventually { Set(reached).isSubset(of: try await check(server)) }
    #expect(isReached)

    try await cluster.client.create(.namespaces, try json(#"{"metadata":{"name":"\#(Self.system)"}}"#))
    for part in ["webhook", "controller"] {
      try await cluster.create(
        .deployments,
        """
        {"metadata":{"name":"postern-\(part)","namespace":"\(Self.system)"},"spec":{"replicas":1,
        "selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},
        "spec":{"serviceAccountName":"postern-\(part)","containers":[{"name":"postern","image":"x/postern:0.0.1"}]}}}}
        """)
      try await cluster.client.patchStatus(
        .deployments, "postern-\(part)", in: Self.system,
        try json(#"{"status":{"replicas":1,"readyReplicas":1,"availableReplicas":1,"updatedReplicas":1}}"#))
    }
    let unentitled = try await check(server)
    #expect(
      unentitled.contains { $0.hasPrefix("failure ServiceAccount postern-webhook may not list deployments, ") },
      "\(unentitled)")
    #expect(unentitled.contains { $0.hasPrefix("warning the webhook is of version 0.0.1, ") })
    #expect(unentitled.contains("good the controller is available (1 replicas)"))
    for file in ["webhook-role.yaml", "controller-role.yaml"] {
      let text = try String(
        contentsOf: Program.package.appending(path: "webhook-config/base/\(file)"), encoding: .utf8)
      let copy = FileManager.default.temporaryDirectory.appending(path: "checked-\(UUID().uuidString).yaml")
      try Data(text.replacing("postern-system", with: Self.system).utf8).write(to: copy)
      defer { try? FileManager.default.removeItem(at: copy) }
      let applied = try Program.run(
        ["apply", "-n", Self.system, "-f", copy.path], program: URL(filePath: Kubectl.installed?.program ?? ""),
        environment: ["KUBECONFIG": server.kubeconfig()])
      #expect(applied.status == 0, "\(applied.errors)")
    }
    let entitled = ["webhook", "controller"].map { "good ServiceAccount postern-\($0) has the rights that it needs" }
    let isEntitled = try await eventually { Set(entitled).isSubset(of: try await check(server)) }
    #expect(isEntitled)

    cluster.webhook.kill()
    let gone = try await check(server)
    #expect(gone.contains { $0.hasPrefix("failure the API server gets no answer: ") }, "\(gone)")
    for (resource, _) in Self.configurations { try await cluster.client.delete(resource, "checked") }
    await cluster.end()
  }
}
