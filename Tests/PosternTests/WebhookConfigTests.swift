import Contract
import Admission
import ArgumentParser
import Declarations
import Foundation
import JSONBytes
import KubernetesAPI
import ServingCertificate
import TestThreads
import Testing
import WebhookServer

@testable import postern

/// Compares `webhook-config/` with what the code does.
@Suite(.blocking) struct WebhookConfigTests {
  private static let folder = Program.package.appending(path: "webhook-config/base")

  private func objects(_ kind: String) throws -> [JSONValue] {
    try ManifestReader().read([Self.folder.path]).map(\.object).filter { $0["kind"]?.string == kind }
  }

  private func object(_ kind: String) throws -> JSONValue { try #require(try objects(kind).first) }

  private func webhooks(_ kind: String) throws -> [JSONValue] { try object(kind)["webhooks"]?.array ?? [] }

  private static let deployments = ["postern-webhook", "postern-controller"]

  private func pod(_ deployment: String) throws -> JSONValue {
    let object = try #require(try objects("Deployment").first { $0["metadata"]?["name"]?.string == deployment })
    return try #require(object["spec"]?["template"]?["spec"])
  }

  private func container(_ deployment: String) throws -> JSONValue {
    try #require(try pod(deployment)["containers"]?.array?.first)
  }

  @Test func everyWebhookIsSentToAPathThatAnswersAndFailsSafely() throws {
    for (kind, path) in [("MutatingWebhookConfiguration", "/mutate"), ("ValidatingWebhookConfiguration", "/validate")] {
      #expect(try object(kind)["metadata"]?["name"]?.string == "postern")
      let webhooks = try webhooks(kind)
      #expect(!webhooks.isEmpty)
      for webhook in webhooks {
        #expect(webhook["clientConfig"]?["service"]?["path"]?.string == path)
        #expect(webhook["clientConfig"]?["service"]?["name"] == (try object("Service"))["metadata"]?["name"])
        #expect(webhook["clientConfig"]?["service"]?["namespace"] == (try object("Namespace"))["metadata"]?["name"])
        #expect(webhook["admissionReviewVersions"]?.array?.compactMap(\.string) == ["v1"])
        #expect(webhook["sideEffects"]?.string == "None")
        #expect(webhook["failurePolicy"]?.string == "Fail")
        #expect(webhook["timeoutSeconds"] == .number("5"))
        let selector = webhook["objectSelector"]?["matchExpressions"]?.array
        let isConnecting = webhook["name"]?.string?.hasPrefix("connections.") == true
        // A template's label is seen by no selector.
        let label = isConnecting ? AnnotationKey.connectLabel : AnnotationKey.customerLabel
        let labels = isConnecting && path == "/validate" ? nil : [label]
        #expect(selector?.compactMap { $0["key"]?.string } == labels)
        let excluded = webhook["namespaceSelector"]?["matchExpressions"]?.array ?? []
        #expect(excluded.allSatisfy { $0["operator"]?.string == "NotIn" })
        #expect(excluded.map { $0["key"]?.string } == ["kubernetes.io/metadata.name", AnnotationKey.inject])
        #expect(
          excluded.map { $0["values"]?.array?.compactMap(\.string) }
            == [["kube-system", "postern-system"], [AnnotationKey.disabledNamespace]])
        if path == "/mutate" { #expect(webhook["reinvocationPolicy"]?.string == "IfNeeded") }
      }
    }
  }

  /// The webhook must be sent exactly the resources that the code handles.
  @Test func theResourcesAreThoseThatAreLookedAt() throws {
    func sent(_ kind: String) throws -> Set<String> {
      Set(
        try webhooks(kind).flatMap { $0["rules"]?.array ?? [] }.flatMap { rule in
          (rule["resources"]?.array ?? []).flatMap { resource in
            (rule["operations"]?.array ?? []).map { "\(resource.string ?? "") \($0.string ?? "")" }
          }
        })
    }
    let workloads = ["deployments", "statefulsets"].flatMap { ["\($0) CREATE", "\($0) UPDATE"] }
    let connecting = ["daemonsets", "replicasets", "jobs", "cronjobs"].flatMap { ["\($0) CREATE", "\($0) UPDATE"] }
    #expect(try sent("MutatingWebhookConfiguration") == Set(workloads + ["pods CREATE"]))
    #expect(
      try sent("ValidatingWebhookConfiguration")
        == Set(workloads + connecting + ["pods CREATE", "pods UPDATE", "secrets CREATE", "secrets UPDATE"]))
  }

  @Test func conditionsSpeakOfTheLabelAndTheAnnotationsThatTheCodeReads() throws {
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
      for webhook in try webhooks(kind) {
        let expressions = (webhook["matchConditions"]?.array ?? []).compactMap { $0["expression"]?.string }
        if webhook["name"]?.string?.hasPrefix("connections.") == true {
          for expression in expressions where expression.contains("annotations") {
            #expect(expression.contains("'\(AnnotationKey.connectLabel)'"))
            #expect(expression.contains("'\(AnnotationKey.connections)'"))
          }
          continue
        }
        for expression in expressions where expression.contains("annotations") {
          #expect(expression.contains("'\(AnnotationKey.customerLabel)'"))
          #expect(expression.contains("startsWith('\(AnnotationKey.prefix)')"))
        }
        for expression in expressions where expression.contains("userInfo") {
          #expect(expression.contains("'system:serviceaccount:postern-system:postern-controller'"))
        }
      }
    }
  }

  /// A change of the Pods alone is warned of by the validating one. What changes declarations only, or the number of Pods, is not
  /// sent for it, nor is `kubectl rollout restart`.
  @Test func aChangeOfTheTemplateIsSentForItsWarnings() throws {
    for (kind, isSent) in [("MutatingWebhookConfiguration", false), ("ValidatingWebhookConfiguration", true)] {
      let webhook = try #require(try webhooks(kind).first { $0["name"]?.string == "workloads.postern.io" })
      let expression = try #require(webhook["matchConditions"]?.array?.first?["expression"]?.string)
      for part in ["spec.template.?spec", "spec.?strategy"] {
        #expect(expression.contains("|| object.\(part) != oldObject.\(part)") == isSent)
      }
    }
  }

  @Test(arguments: [
    ("postern-webhook", ["webhook": "8443", "metrics": "9443"]), ("postern-controller", ["metrics": "9443"]),
  ])
  func portsAndProbesAreThePrograms(deployment: String, ports: [String: String]) throws {
    let container = try container(deployment)
    let found = (container["ports"]?.array ?? []).reduce(into: [String: JSONValue]()) {
      $0[$1["name"]?.string ?? ""] = $1["containerPort"]
    }
    #expect(found == ports.mapValues { .number($0) })
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
      #expect(container[probe]?["httpGet"]?["port"]?.string == "metrics")
      #expect(container[probe]?["httpGet"]?["path"]?.string == (probe == "readinessProbe" ? "/readyz" : "/healthz"))
    }
    let pod = try pod(deployment)
    // Otherwise Kubernetes sets POSTERN_PORT to tcp://… for the Service of that name.
    #expect(pod["enableServiceLinks"] == .bool(false))
    #expect(pod["serviceAccountName"]?.string == deployment)
    guard case .number(let text)? = pod["terminationGracePeriodSeconds"], let drain = Int(text) else {
      Issue.record("no terminationGracePeriodSeconds")
      return
    }
    #expect(Duration.seconds(drain) > ServerConfiguration(port: 0, certificate: .memory).drainTime)
  }

  @Test func theServiceIsTheWebhooks() throws {
    let service = try object("Service")["spec"]
    let port = service?["ports"]?.array?.first
    #expect(port?["port"] == .number("443"))
    #expect(port?["targetPort"]?.string == "webhook")
    let selector = ["app.kubernetes.io/name": "postern", "app.kubernetes.io/component": "webhook"]
    for (key, value) in selector { #expect(service?["selector"]?[key]?.string == value) }
  }

  /// The roles that the arguments give the two Deployments: one parses reviews, which strangers may send, and needs no
  /// Secret; the other answers no reviews and keeps the certificate that the first one mounts.
  @Test func eachDeploymentDoesItsPart() throws {
    func settings(_ deployment: String) throws -> ServeSettings {
      let arguments = try #require(try container(deployment)["args"]?.array?.compactMap(\.string))
      #expect(arguments.first == "serve")
      return try ServeSettings(options: Serve.parse(Array(arguments.dropFirst())), environment: [:])
    }
    let webhook = try settings("postern-webhook")
    #expect(webhook.server.certificate == .files(certificate: "/tls/tls.crt", privateKey: "/tls/tls.key"))
    #expect(webhook.cluster?.knowledge == .declarations)
    #expect(webhook.cluster?.isSelfSigned == false)
    let controller = try settings("postern-controller")
    #expect(controller.server.certificate == .none)
    #expect(controller.cluster?.knowledge == .all)
    #expect(controller.cluster?.isSelfSigned == true)
    let volume = try pod("postern-webhook")["volumes"]?.array?.first?["secret"]
    #expect(volume?["secretName"]?.string == CertificateSettings(namespace: "n", service: "s").secret)
    #expect(volume?["items"]?.array?.compactMap { $0["key"]?.string } == ["tls.crt", "tls.key"])
  }

  @Test(arguments: deployments)
  func oneNodeNeverTakesBothReplicasWhereThereAreTwo(deployment: String) throws {
    let spread = try #require(try pod(deployment)["topologySpreadConstraints"]?.array?.first)
    #expect(spread["topologyKey"]?.string == "kubernetes.io/hostname")
    #expect(spread["whenUnsatisfiable"]?.string == "DoNotSchedule")
    let component = String(deployment.dropFirst("postern-".count))
    let budget = try objects("PodDisruptionBudget").first { $0["metadata"]?["name"]?.string == deployment }
    #expect(budget?["spec"]?["maxUnavailable"] == .number("1"))
    for labels in [budget?["spec"]?["selector"]?["matchLabels"], spread["labelSelector"]?["matchLabels"]] {
      #expect(labels?["app.kubernetes.io/component"]?.string == component)
    }
  }

  /// The policy allows the controller to write exactly what it writes.
  @Test func thePolicySpeaksOfTheNamesLabelsAndTypesThatTheCodeWrites() throws {
    let policy = try object("ValidatingAdmissionPolicy")["spec"]
    let expressions = (policy?["validations"]?.array ?? []).compactMap { $0["expression"]?.string }.joined(
      separator: "\n")
    for word in ["'\(ObjectLabel.managedBy)'", "'\(ObjectLabel.manager)'", "'\(SecretKey.userType)'", "'Opaque'"] {
      #expect(expressions.contains(word), "\(word)")
    }
    for name in [ObjectName.spec(customer: "a"), ObjectName.passwords(customer: "a"), ObjectName.admin(customer: "a")] {
      #expect(name.contains("-pg-"))
    }
    let condition = policy?["matchConditions"]?.array?.first?["expression"]?.string
    #expect(condition == "request.userInfo.username == 'system:serviceaccount:postern-system:postern-controller'")
    #expect(policy?["failurePolicy"]?.string == "Fail")
    let binding = try object("ValidatingAdmissionPolicyBinding")["spec"]
    #expect(binding?["policyName"]?.string == "postern-controller")
    #expect(binding?["validationActions"]?.array?.compactMap(\.string) == ["Deny"])
  }

  @Test func theImageIsTheOneOfThisVersion() throws {
    let text = try String(contentsOf: Self.folder.appending(path: "kustomization.yaml"), encoding: .utf8)
    #expect(text.contains("newTag: \(Release.version)\n"))
    for deployment in Self.deployments {
      #expect(try container(deployment)["image"]?.string == "ghcr.io/postern/postern")
    }
    #expect(AdmissionSettings().sidecarImage == "ghcr.io/postern/postern-sidecar:\(Release.version)")
  }

  @Test(arguments: deployments)
  func thePodsPassRestricted(deployment: String) throws {
    let pod = try pod(deployment)
    #expect(pod["securityContext"]?["runAsNonRoot"] == .bool(true))
    #expect(pod["securityContext"]?["seccompProfile"]?["type"]?.string == "RuntimeDefault")
    let context = try container(deployment)["securityContext"]
    #expect(context?["allowPrivilegeEscalation"] == .bool(false))
    #expect(context?["readOnlyRootFilesystem"] == .bool(true))
    #expect(context?["capabilities"]?["drop"]?.array?.compactMap(\.string) == ["ALL"])
    let labels = try object("Namespace")["metadata"]?["labels"]
    #expect(labels?["pod-security.kubernetes.io/enforce"]?.string == "restricted")
  }

  /// There are no other rights. Whoever adds a right adds a line here, and one with the reason in the README.
  @Test func rightsAreTheseAndNoMore() throws {
    var rights: [String] = []
    for kind in ["ClusterRole", "Role"] {
      for role in try objects(kind) {
        for rule in role["rules"]?.array ?? [] {
          let names = rule["resourceNames"]?.array?.compactMap(\.string).joined(separator: ",")
          for resource in rule["resources"]?.array ?? [] {
            let verbs = (rule["verbs"]?.array ?? []).compactMap(\.string).joined(separator: ",")
            rights.append(
              "\(role["metadata"]?["name"]?.string ?? "") \(kind) \(resource.string ?? "") \(names.map { "\($0) " } ?? "")\(verbs)"
            )
          }
        }
      }
    }
    #expect(
      rights.sorted() == [
        "postern-certificate Role secrets create",
        "postern-certificate Role secrets postern-webhook-tls list,watch,update",
        "postern-controller ClusterRole configmaps get,list,watch,create,patch",
        "postern-controller ClusterRole deployments get,list,watch",
        "postern-controller ClusterRole events create,patch",
        "postern-controller ClusterRole pods list,watch,patch", "postern-controller ClusterRole pods/status patch",
        "postern-controller ClusterRole replicasets get",
        "postern-controller ClusterRole secrets get,list,watch,create,patch,delete",
        "postern-controller ClusterRole services get,create,patch,delete",
        "postern-controller ClusterRole statefulsets get,list,watch",
        "postern-controller Role leases create", "postern-controller Role leases postern get,update",
        "postern-webhook ClusterRole deployments list,watch", "postern-webhook ClusterRole pods list,watch",
        "postern-webhook ClusterRole statefulsets list,watch",
        "postern-webhook-configurations ClusterRole mutatingwebhookconfigurations postern list,watch,patch",
        "postern-webhook-configurations ClusterRole validatingwebhookconfigurations postern list,watch,patch",
      ])
    // Each role is bound to one account, and the webhook's account has no other role.
    for kind in ["ClusterRoleBinding", "RoleBinding"] {
      for binding in try objects(kind) {
        let role = binding["roleRef"]?["name"]?.string
        let accounts = binding["subjects"]?.array?.compactMap { $0["name"]?.string }
        #expect(accounts == [role == "postern-webhook" ? "postern-webhook" : "postern-controller"])
      }
    }
    let readme = try String(contentsOf: Self.folder.appending(path: "../README.md"), encoding: .utf8)
    for resource in ["Deployments", "Pods", "Secrets", "ConfigMaps", "Services", "Events", "Leases"] {
      #expect(readme.contains(resource))
    }
  }
}
