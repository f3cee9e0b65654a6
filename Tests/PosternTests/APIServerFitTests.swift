import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import TestThreads
import Testing

@testable import postern

/// Namespaces with quotas, ranges and users of their own take a customer's Pod with the sidecar as they take it without: by
/// a real API server, whose ResourceQuota and LimitRanger are on.
@Suite(.blocking, .enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct APIServerFitTests {
  private static let limitRanges = Resource(plural: "limitranges", kind: "LimitRange")
  private static let quotas = Resource(plural: "resourcequotas", kind: "ResourceQuota")
  private static let guaranteed = #"{"limits":{"cpu":"2","memory":"4Gi"}}"#
  private static let burstable =
    #"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"2","memory":"1Gi"}}"#

  private static func pod(
    in namespace: String, _ resources: String, labels: String = #"{"postern.io/customer":"acme"}"#,
    annotations: String = "{}", spec: String = ""
  ) -> String {
    """
    {"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"db-","namespace":"\(namespace)","labels":\(labels),
    "annotations":\(annotations)},"spec":{"containers":[{"name":"postgres","image":"postgres:16",
    "resources":\(resources)}]\(spec)}}
    """
  }

  private static let enough = #"{"postern.io/sidecar-cpu":"10m","postern.io/sidecar-memory":"32Mi"}"#

  @Test func quotasAndRangesAdmitThePodWithItsSidecar() async throws {
    let cluster = try await WebhookCluster("fit-quota", failurePolicy: "Fail", others: ["fit-least", "fit-ratio"])
    #expect(try await cluster.isAsked())
    func refusal(_ pod: String) async throws -> String? {
      do {
        let pod = try await cluster.create(.pods, pod, dryRun: true)
        #expect(pod["spec"]?["initContainers"]?.array?.last?["name"]?.string == "postern")
        return nil
      } catch { return "\(error)" }
    }
    // A controller would fill in the status, by which the plugin goes.
    let hard = #"{"requests.cpu":"4","requests.memory":"8Gi","limits.cpu":"4","limits.memory":"8Gi"}"#
    try await cluster.create(
      Self.quotas, #"{"metadata":{"name":"q","namespace":"fit-quota"},"spec":{"hard":\#(hard)}}"#)
    try await cluster.client.patch(
      Resource(plural: "resourcequotas/q", kind: "ResourceQuota"), "status", in: "fit-quota",
      .merge(
        json(
          #"{"status":{"hard":\#(hard),"used":{"requests.cpu":"0","requests.memory":"0","limits.cpu":"0","limits.memory":"0"}}}"#
        )))
    func range(_ namespace: String, _ limits: String) async throws {
      try await cluster.create(
        Self.limitRanges,
        #"{"metadata":{"name":"r","namespace":"\#(namespace)"},"spec":{"limits":[{"type":"Container",\#(limits)}]}}"#)
    }
    try await range("fit-least", #""min":{"cpu":"10m","memory":"32Mi"}"#)
    try await range("fit-ratio", #""maxLimitRequestRatio":{"memory":"1"}"#)
    // Each refuses a sidecar that does not fit, once the plugins know of it.
    for (namespace, word, resources) in [
      ("fit-quota", "limits.cpu", #"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"memory":"1Gi"}}"#),
      ("fit-least", "minimum", Self.burstable), ("fit-ratio", "ratio", Self.burstable),
    ] {
      let isEnforced = try await eventually {
        try await refusal(Self.pod(in: namespace, resources))?.contains(word) == true
      }
      #expect(isEnforced, "\(namespace)")
    }
    for namespace in ["fit-quota", "fit-least", "fit-ratio"] {
      #expect(try await refusal(Self.pod(in: namespace, Self.guaranteed)) == nil)
      #expect(try await refusal(Self.pod(in: namespace, Self.burstable, annotations: Self.enough)) == nil)
    }
    #expect(try await refusal(Self.pod(in: "fit-quota", Self.burstable)) == nil)
    await cluster.end()
  }

  @Test func theAdminsAmountsFitWhereTheDefaultsDoNot() async throws {
    let cluster = try await WebhookCluster(
      "fit-admin", failurePolicy: "Fail",
      arguments: [
        "--sidecar-resources", "cpu=100m,memory=64Mi", "--image-pull-secret", "mirror", "--image-pull-policy", "Always",
      ])
    #expect(try await cluster.isAsked())
    try await cluster.create(
      Self.limitRanges,
      """
      {"metadata":{"name":"r","namespace":"fit-admin"},"spec":{"limits":[{"type":"Container",
      "min":{"cpu":"100m","memory":"64Mi"},"maxLimitRequestRatio":{"cpu":"2","memory":"1"}}]}}
      """)
    let isEnforced = try await eventually {
      do {
        try await cluster.create(
          .pods, Self.pod(in: "fit-admin", #"{"limits":{"cpu":"10m"}}"#, labels: "{}"), dryRun: true)
        return false
      } catch { return "\(error)".contains("minimum") }
    }
    #expect(isEnforced)
    let pod = try await cluster.create(.pods, Self.pod(in: "fit-admin", Self.burstable))
    let sidecar = pod["spec"]?["initContainers"]?.array?.last
    #expect(sidecar?["resources"]?["limits"]?["cpu"]?.string == "100m")
    #expect(sidecar?["imagePullPolicy"]?.string == "Always")
    #expect(pod["spec"]?["imagePullSecrets"]?.array?.compactMap { $0["name"]?.string } == ["mirror"])
    await cluster.end()
  }

  @Test func aPodKeepsItsClass() async throws {
    let cluster = try await WebhookCluster("fit-class", failurePolicy: "Fail")
    #expect(try await cluster.isAsked())
    func qualityOfService(_ resources: String, spec: String = "") async throws -> String? {
      let pod = try await cluster.create(.pods, Self.pod(in: "fit-class", resources, spec: spec))
      #expect(pod["spec"]?["initContainers"]?.array?.last?["name"]?.string == "postern")
      return pod["status"]?["qosClass"]?.string
    }
    #expect(try await qualityOfService(Self.guaranteed) == "Guaranteed")
    #expect(
      try await qualityOfService(
        #"{"requests":{"cpu":1,"memory":"1Gi"},"limits":{"cpu":"1000m","memory":"1024Mi"}}"#) == "Guaranteed")
    #expect(try await qualityOfService(Self.burstable) == "Burstable")
    // All of the Pod's share is taken by its own container.
    let whole = #"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}"#
    #expect(try await qualityOfService(whole, spec: #","resources":\#(whole)"#) == "Guaranteed")
    #expect(
      try await qualityOfService(whole, spec: #","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2"}}"#)
        == "Burstable")
    await cluster.end()
  }

  /// What OpenShift's "restricted-v2" does: it gives containers without a user one of the namespace's range, before
  /// webhooks are asked and once more after them, and refuses all others.
  @Test(arguments: ["fixed", "namespace"]) func aNamespaceGivesItsPodsAUser(user: String) async throws {
    let name = "fit-user-\(user)"
    let cluster = try await WebhookCluster(name, failurePolicy: "Fail", arguments: ["--sidecar-user", user])
    #expect(try await cluster.isAsked())
    let group = "admissionregistration.k8s.io"
    func policies(_ kind: String) -> Resource {
      Resource(
        group: group, plural: kind.lowercased().replacing("policy", with: "policies"), kind: kind, isNamespaced: false)
    }
    let match = """
      {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"\(name)"}},
      "resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"],"operations":["CREATE"]}]}
      """
    func give(_ list: String) -> String {
      """
      {"patchType":"JSONPatch","jsonPatch":{"expression":"!has(object.spec.\(list)) ? [] : [0,1,2].filter(i, i < size(object.spec.\(list)) && !has(object.spec.\(list)[i].securityContext) || i < size(object.spec.\(list)) && !has(object.spec.\(list)[i].securityContext.runAsUser)).map(i, JSONPatch{op: \\"add\\", path: \\"/spec/\(list)/\\" + string(i) + (has(object.spec.\(list)[i].securityContext) ? \\"/securityContext/runAsUser\\" : \\"/securityContext\\"), value: has(object.spec.\(list)[i].securityContext) ? dyn(1000680000) : dyn({\\"runAsUser\\": 1000680000})})"}}
      """
    }
    try await cluster.create(
      policies("MutatingAdmissionPolicy"),
      """
      {"metadata":{"name":"\(name)"},"spec":{"failurePolicy":"Fail","reinvocationPolicy":"IfNeeded",
      "matchConstraints":\(match),"mutations":[\(give("containers")),\(give("initContainers"))]}}
      """)
    try await cluster.create(
      policies("ValidatingAdmissionPolicy"),
      """
      {"metadata":{"name":"\(name)"},"spec":{"failurePolicy":"Fail","matchConstraints":\(match),"validations":[{
      "message":"must be in the ranges: [1000680000, 1000689999]","expression":"(object.spec.containers + object.spec.?initContainers.orValue([])).all(c, c.?securityContext.?runAsUser.orValue(0) >= 1000680000 && c.?securityContext.?runAsUser.orValue(0) <= 1000689999)"}]}}
      """)
    for (kind, extra) in [
      ("MutatingAdmissionPolicy", ""), ("ValidatingAdmissionPolicy", #","validationActions":["Deny"]"#),
    ] {
      try await cluster.create(
        Resource(group: group, plural: "\(kind.lowercased())bindings", kind: "\(kind)Binding", isNamespaced: false),
        #"{"metadata":{"name":"\#(name)"},"spec":{"policyName":"\#(name)"\#(extra)}}"#)
    }
    let isEnforced = try await eventually {
      let fixed = Self.pod(
        in: name, "{}", labels: "{}", spec: #","securityContext":{"runAsUser":5}"#)
      let pod = try? await cluster.create(.pods, fixed, dryRun: true)
      return pod?["spec"]?["containers"]?.array?.first?["securityContext"]?["runAsUser"] == .number("1000680000")
    }
    #expect(isEnforced)
    // Postgres has a user already when the webhook is asked: the sidecar takes the same.
    let pod = try await cluster.create(.pods, Self.pod(in: name, "{}"))
    let sidecar = pod["spec"]?["initContainers"]?.array?.last
    #expect(sidecar?["securityContext"]?["runAsUser"] == .number("1000680000"))
    // What `inject` printed is as the policy would have it, too, where it names no user.
    let manifest = Self.pod(in: name, "{}").replacing(#""generateName":"db-""#, with: #""name":"printed-db""#)
    let printed = try Program.run(
      ["inject", "--no-secrets", "--quiet", "--sidecar-user", user, "-"], input: manifest)
    #expect(printed.status == 0, "\(printed.errors)")
    let file = FileManager.default.temporaryDirectory.appending(path: "postern-\(name).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(printed.output.utf8).write(to: file)
    let injected = try #require(
      try ManifestReader().read([file.path]).map(\.object).first { $0["kind"]?.string == "Pod" })
    do {
      let stored = try await cluster.client.create(.pods, injected)
      #expect(user == "namespace")
      #expect(
        stored["spec"]?["initContainers"]?.array?.last?["securityContext"]?["runAsUser"] == .number("1000680000"))
    } catch {
      #expect(user == "fixed" && "\(error)".contains("must be in the ranges"), "\(error)")
    }
    await cluster.end()
  }
}
