import Contract
import Admission
import Declarations
import Foundation
import JSONBytes
import KubernetesAPI
import Testing
import WebhookServer

@testable import postern

/// What `webhook-config/` says, held against what the code does.
@Suite struct WebhookConfigTests {
  private static let folder = Program.package.appending(path: "webhook-config/base")

  private func objects(_ kind: String) throws -> [JSONValue] {
    try ManifestReader().read([Self.folder.path]).map(\.object).filter { $0["kind"]?.string == kind }
  }

  private func object(_ kind: String) throws -> JSONValue { try #require(try objects(kind).first) }

  private func webhooks(_ kind: String) throws -> [JSONValue] { try object(kind)["webhooks"]?.array ?? [] }

  private var container: JSONValue {
    get throws {
      try #require(try object("Deployment")["spec"]?["template"]?["spec"]?["containers"]?.array?.first)
    }
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
        #expect(selector?.compactMap { $0["key"]?.string } == [AnnotationKey.customerLabel])
        let excluded = webhook["namespaceSelector"]?["matchExpressions"]?.array?.first?["values"]?.array
        #expect(excluded?.compactMap(\.string) == ["kube-system", "postern-system"])
        if path == "/mutate" { #expect(webhook["reinvocationPolicy"]?.string == "IfNeeded") }
      }
    }
  }

  /// What is sent must be what the code looks at; all that it looks at must be sent.
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
    #expect(try sent("MutatingWebhookConfiguration") == Set(workloads + ["pods CREATE"]))
    #expect(
      try sent("ValidatingWebhookConfiguration")
        == Set(workloads + ["pods CREATE", "pods UPDATE", "secrets CREATE", "secrets UPDATE"]))
  }

  @Test func conditionsSpeakOfTheLabelAndTheAnnotationsThatTheCodeReads() throws {
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
      for webhook in try webhooks(kind) {
        let expressions = (webhook["matchConditions"]?.array ?? []).compactMap { $0["expression"]?.string }
        for expression in expressions where expression.contains("annotations") {
          #expect(expression.contains("'\(AnnotationKey.customerLabel)'"))
          #expect(expression.contains("startsWith('\(AnnotationKey.prefix)')"))
        }
        for expression in expressions where expression.contains("userInfo") {
          #expect(expression.contains("'system:serviceaccount:postern-system:postern'"))
        }
      }
    }
  }

  @Test func portsProbesAndArgumentsAreThePrograms() throws {
    let container = try container
    let ports = (container["ports"]?.array ?? []).reduce(into: [String: JSONValue]()) {
      $0[$1["name"]?.string ?? ""] = $1["containerPort"]
    }
    #expect(ports == ["webhook": .number("8443"), "metrics": .number("9443")])
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
      #expect(container[probe]?["httpGet"]?["port"]?.string == "metrics")
      #expect(container[probe]?["httpGet"]?["path"]?.string == (probe == "readinessProbe" ? "/readyz" : "/healthz"))
    }
    #expect(container["args"]?.array?.compactMap(\.string) == ["serve", "--self-signed"])
    // Else Kubernetes sets POSTERN_PORT to tcp://…, for the Service of that name.
    #expect(try object("Deployment")["spec"]?["template"]?["spec"]?["enableServiceLinks"] == .bool(false))
    let service = try object("Service")["spec"]?["ports"]?.array?.first
    #expect(service?["port"] == .number("443"))
    #expect(service?["targetPort"]?.string == "webhook")
    let drain = try #require(Int(try numberText(try object("Deployment"), "terminationGracePeriodSeconds")))
    #expect(Duration.seconds(drain) > ServerConfiguration(port: 0, certificate: .memory).drainTime)
  }

  private func numberText(_ deployment: JSONValue, _ key: String) throws -> String {
    guard case .number(let text)? = deployment["spec"]?["template"]?["spec"]?[key] else { return "" }
    return text
  }

  @Test func theImageIsTheOneOfThisVersion() throws {
    let text = try String(contentsOf: Self.folder.appending(path: "kustomization.yaml"), encoding: .utf8)
    #expect(text.contains("newTag: \(Release.version)\n"))
    #expect(try container["image"]?.string == "ghcr.io/postern/postern")
    #expect(AdmissionSettings().sidecarImage == "ghcr.io/postern/postern-sidecar:\(Release.version)")
  }

  @Test func thePodsPassRestricted() throws {
    let pod = try object("Deployment")["spec"]?["template"]?["spec"]
    #expect(pod?["securityContext"]?["runAsNonRoot"] == .bool(true))
    #expect(pod?["securityContext"]?["seccompProfile"]?["type"]?.string == "RuntimeDefault")
    let context = try container["securityContext"]
    #expect(context?["allowPrivilegeEscalation"] == .bool(false))
    #expect(context?["readOnlyRootFilesystem"] == .bool(true))
    #expect(context?["capabilities"]?["drop"]?.array?.compactMap(\.string) == ["ALL"])
    let labels = try object("Namespace")["metadata"]?["labels"]
    #expect(labels?["pod-security.kubernetes.io/enforce"]?.string == "restricted")
  }

  /// No more than this: whoever adds a right adds a line here, and one with the reason in the README.
  @Test func rightsAreTheseAndNoMore() throws {
    var rights: [String] = []
    for kind in ["ClusterRole", "Role"] {
      for role in try objects(kind) {
        for rule in role["rules"]?.array ?? [] {
          let names = rule["resourceNames"]?.array?.compactMap(\.string).joined(separator: ",")
          for resource in rule["resources"]?.array ?? [] {
            let verbs = (rule["verbs"]?.array ?? []).compactMap(\.string).joined(separator: ",")
            rights.append("\(kind) \(resource.string ?? "") \(names.map { "\($0) " } ?? "")\(verbs)")
          }
        }
      }
    }
    #expect(
      rights.sorted() == [
        "ClusterRole configmaps get,list,watch,create,patch",
        "ClusterRole deployments get,list,watch",
        "ClusterRole events create,patch",
        "ClusterRole mutatingwebhookconfigurations postern get,list,watch,patch",
        "ClusterRole pods get,list,watch,patch",
        "ClusterRole replicasets get",
        "ClusterRole secrets get,list,watch,create,patch,delete",
        "ClusterRole statefulsets get,list,watch",
        "ClusterRole validatingwebhookconfigurations postern get,list,watch,patch",
        "Role leases create", "Role leases postern get,update",
        "Role secrets create", "Role secrets postern-webhook-tls get,list,watch,update",
      ])
    let readme = try String(contentsOf: Self.folder.appending(path: "../README.md"), encoding: .utf8)
    for resource in ["Deployments", "Pods", "Secrets", "ConfigMaps", "Events", "Leases"] {
      #expect(readme.contains(resource))
    }
  }
}
