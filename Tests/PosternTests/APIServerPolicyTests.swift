import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

@testable import postern

/// The policy of `overlays/warnings` in a real API server. It warns; here it denies, which a client can see.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerPolicyTests {
  private static let file = Program.package.appending(path: "webhook-config/overlays/warnings/policy.yaml")
  private static let group = "admissionregistration.k8s.io"
  private static let policies = Resource(
    group: group, plural: "validatingadmissionpolicies", kind: "ValidatingAdmissionPolicy", isNamespaced: false)
  private static let bindings = Resource(
    group: group, plural: "validatingadmissionpolicybindings", kind: "ValidatingAdmissionPolicyBinding",
    isNamespaced: false)

  private static func deployment(labels: String, annotations: String, template: String, templates: String) -> String {
    """
    {"metadata":{"generateName":"db-","namespace":"warned","labels":{\(labels)},"annotations":{\(annotations)}},
    "spec":{"selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"\(template)},
    "annotations":{\(templates)}},"spec":{"containers":[{"name":"postgres","image":"postgres:17"}]}}}}
    """
  }

  private static let label = #""postern.io/customer":"acme""#
  private static let users = #""postern.io/users":"shop""#
  static let cases: [(labels: String, annotations: String, template: String, templates: String, says: String?)] = [
    ("", "", "", "", nil), (label, users, "", "", nil), ("", users, ",\(label)", "", nil), (label, "", "", users, nil),
    (#""team":"a""#, #""example.com/users":"x","postgresql.org/users":"y""#, "", "", nil),
    ("", #""postern.io/inject":"false""#, "", "", nil),
    ("", users, "", "", "do nothing without the label"), ("", "", "", users, "do nothing without the label"),
    (#""postern.io/custmer":"acme""#, "", "", "", "not postern.io/custmer"),
    ("", "", #","postern.io/Customer":"acme""#, "", "not postern.io/Customer"),
    (#""postgern.io/customer":"acme""#, "", "", "", "not as in postgern.io/customer"),
    (label, #""postren.io/users":"shop""#, "", "", "not as in postren.io/users"),
  ]

  /// Kinds that are no customer's Postgres.
  private static let unserved: [(Resource, metadata: String, spec: String, isWarned: Bool)] = {
    let container = #""containers":[{"name":"postgres","image":"postgres:17"}]"#
    func template(_ labels: String = "") -> String {
      #""template":{"metadata":{"labels":{"app":"db"\#(labels)}},"spec":{\#(container)}}"#
    }
    func job(_ labels: String = "") -> String {
      #""template":{"metadata":{"labels":{"app":"db"\#(labels)}},"spec":{"restartPolicy":"Never",\#(container)}}"#
    }
    let selector = #""selector":{"matchLabels":{"app":"db"}},"#
    let (daemonSets, jobs, cronJobs) = (
      Resource(group: "apps", plural: "daemonsets", kind: "DaemonSet"),
      Resource(group: "batch", plural: "jobs", kind: "Job"),
      Resource(group: "batch", plural: "cronjobs", kind: "CronJob")
    )
    func cron(_ labels: String = "") -> String { #""schedule":"@daily","jobTemplate":{"spec":{\#(job(labels))}}"# }
    let (labels, annotations) = (#""labels":{\#(label)}"#, #""annotations":{\#(users)}"#)
    let owned =
      #""ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"d","uid":"u","controller":true}]"#
    let connect = #""labels":{"postern.io/connect":"acme"},"annotations":{"postern.io/connections":"shop"}"#
    return [
      (daemonSets, labels, selector + template(), true), (daemonSets, annotations, selector + template(), true),
      (daemonSets, #""labels":{}"#, selector + template(",\(label)"), true),
      (daemonSets, #""labels":{"app":"x"}"#, selector + template(), false),
      (jobs, labels, job(), true), (jobs, annotations, job(), true), (jobs, #""labels":{}"#, job(",\(label)"), true),
      (jobs, connect, job(), false), (cronJobs, labels, cron(), true),
      (cronJobs, #""labels":{}"#, cron(",\(label)"), true), (cronJobs, #""labels":{}"#, cron(), false),
      (.replicaSets, annotations, selector + template(), true),
      (.replicaSets, "\(annotations),\(labels),\(owned)", selector + template(",\(label)"), false),
    ]
  }()

  @Test func whatNobodyWouldHearOfIsWarnedOf() async throws {
    let client = try await APIServer.shared.value.client()
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"warned"}}"#))
    let objects = try ManifestReader().read([Self.file.path]).map(\.object)
    let policy = try #require(objects.first { $0["kind"]?.string == Self.policies.kind })
    try await client.create(Self.policies, policy)
    let binding = try #require(objects.first { $0["kind"]?.string == Self.bindings.kind })
    #expect(binding["spec"]?["validationActions"] == .array([.string("Warn")]))
    #expect(binding["spec"]?["policyName"] == policy["metadata"]?["name"])
    try await client.create(
      Self.bindings,
      try json(
        """
        {"metadata":{"name":"postern-warnings"},"spec":{"policyName":"postern-warnings","validationActions":["Deny"],
        "matchResources":{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"warned"}}}}}
        """))
    func said(_ deployment: String) async throws -> String? {
      do {
        try await client.create(.deployments, try json(deployment), dryRun: true)
        return nil
      } catch { return "\(error)" }
    }
    let isKnown = try await eventually {
      try await said(Self.deployment(labels: "", annotations: Self.users, template: "", templates: "")) != nil
    }
    #expect(isKnown)
    for (labels, annotations, template, templates, says) in Self.cases {
      let text = try await said(
        Self.deployment(labels: labels, annotations: annotations, template: template, templates: templates))
      #expect(says == nil ? text == nil : text?.contains(says ?? "") == true, "\(labels) \(annotations): \(text ?? "")")
    }
    for (annotations, before, after, isWarned) in [
      ("", 1, 3, true), ("", 0, 2, true), ("", 3, 2, false), ("", 0, 1, false), ("", 2, 2, false),
      (#""postern.io/replication":"external""#, 1, 3, false),
    ] {
      let made = try await client.create(
        .deployments,
        try json(
          Self.deployment(labels: Self.label, annotations: annotations, template: "", templates: "")
            .replacing(#""spec":{"selector""#, with: #""spec":{"replicas":\#(before),"selector""#)))
      let name = try #require(made["metadata"]?["name"]?.string)
      var text: String?
      do {
        let change = try json(#"{"spec":{"replicas":\#(after)}}"#)
        try await client.patch(.deployments, name, in: "warned", .merge(change), dryRun: true, as: .nothing)
      } catch { text = "\(error)" }
      let wanted = "\(after) replicas are as many servers"
      #expect(isWarned ? text?.contains(wanted) == true : text == nil, "\(before) \(after): \(text ?? "")")
    }
    for (resource, metadata, spec, isWarned) in Self.unserved {
      let object = try json(#"{"metadata":{"name":"x","namespace":"warned",\#(metadata)},"spec":{\#(spec)}}"#)
      var text: String?
      do { try await client.create(resource, object, dryRun: true) } catch { text = "\(error)" }
      let wanted = "on a \(resource.kind) the label postern.io/customer"
      #expect(isWarned ? text?.contains(wanted) == true : text == nil, "\(resource.kind) \(metadata): \(text ?? "")")
    }
    try await client.create(
      Resource(plural: "serviceaccounts", kind: "ServiceAccount"),
      try json(#"{"metadata":{"name":"default","namespace":"warned"}}"#))
    let pod = """
      {"metadata":{"name":"p","namespace":"warned","annotations":{"postern.io/users":"a"}},
      "spec":{"containers":[{"name":"c","image":"i"}]}}
      """
    let refused = await #expect(throws: KubernetesError.self) {
      try await client.create(.pods, try json(pod), dryRun: true)
    }
    #expect(refused?.description.contains("do nothing without the label") == true, "\(refused?.description ?? "")")
    await client.shutdown()
  }

  // MARK: What the controller may write

  private static let owned =
    #""ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"db","uid":"11111111-1111-1111-1111-111111111111"}]"#
  private static let managed = #""labels":{"app.kubernetes.io/managed-by":"postern"}"#

  static let services: [(metadata: String, spec: String, says: String?)] = [
    ("\(owned),\(managed)", "", nil), ("\(owned),\(managed)", #","clusterIP":"None""#, nil),
    (owned, "", "only objects with its label"), (managed, "", "Services that an object owns"),
    ("\(owned),\(managed)", #","type":"LoadBalancer""#, "from inside the cluster only"),
    ("\(owned),\(managed)", #","type":"NodePort""#, "from inside the cluster only"),
    ("\(owned),\(managed)", #","externalIPs":["10.1.2.3"]"#, "from inside the cluster only"),
  ]

  /// The controller's policy, tried on the test's own account: no Service of somebody else, and none that opens a way
  /// into the cluster.
  @Test func theControllerMakesOnlyServicesOfItsOwn() async throws {
    let client = try await APIServer.shared.value.client()
    try await client.create(.namespaces, try json(#"{"metadata":{"name":"policed"}}"#))
    let base = Program.package.appending(path: "webhook-config/base/controller-policy.yaml")
    let policy = try #require(try ManifestReader().read([base.path]).first { $0.kind == Self.policies.kind })
    guard case .object(var root) = policy.object, case .object(var spec)? = root["spec"] else { return }
    spec["matchConditions"] = nil
    root["spec"] = .object(spec)
    root["metadata"] = try json(#"{"name":"policed"}"#)
    try await client.create(Self.policies, .object(root))
    try await client.create(
      Self.bindings,
      try json(
        """
        {"metadata":{"name":"policed"},"spec":{"policyName":"policed","validationActions":["Deny"],
        "matchResources":{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"policed"}}}}}
        """))
    func service(_ metadata: String, _ spec: String, namespace: String = "policed") throws -> JSONValue {
      try json(
        """
        {"metadata":{"name":"db","namespace":"\(namespace)",\(metadata)},
        "spec":{"selector":{"app":"db"},"ports":[{"port":5432}]\(spec)}}
        """)
    }
    func said(_ write: () async throws -> Void) async throws -> String? {
      do {
        try await write()
        return nil
      } catch { return "\(error)" }
    }
    let isKnown = try await eventually {
      try await said { try await client.create(.services, service(Self.owned, ""), dryRun: true) } != nil
    }
    #expect(isKnown)
    for (metadata, spec, says) in Self.services {
      let text = try await said { try await client.create(.services, service(metadata, spec), dryRun: true) }
      #expect(says.map { text?.contains($0) == true } ?? (text == nil), "\(metadata) \(spec): \(text ?? "")")
    }
    let unselective = try json(
      #"{"metadata":{"name":"db","namespace":"policed",\#(Self.owned),\#(Self.managed)},"spec":{"ports":[{"port":5432}]}}"#
    )
    #expect(try await said { try await client.create(.services, unselective, dryRun: true) } != nil)
    await client.shutdown()
  }
}
