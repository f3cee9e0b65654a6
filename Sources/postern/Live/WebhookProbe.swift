import Contract
import FoundationEssentials
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// Lets the API server ask the webhook, by dry runs: nothing is stored. It shows whether the API server reaches and
/// trusts it, which nobody else can tell.
struct WebhookProbe {
  let access: ClusterAccess

  private let section = WebhookRegistration.section
  private static let customer = "postern-check"

  /// A namespace in which the webhook is asked.
  private var namespace: String {
    ["kube-system", "\(Installation.name)-system"].contains(access.ownNamespace) ? "default" : access.ownNamespace
  }

  func results() async throws(CommandError) -> [CheckResult] {
    var results: [CheckResult] = []
    switch try await attempt(.pods, try pod()) {
    case .stored(let object):
      if object["metadata"]?["annotations"]?[AnnotationKey.injected] != nil {
        results.append(.good(section, "a Pod gets its sidecar (a dry run in \(namespace))"))
      } else {
        results.append(
          .failure(
            section, "a Pod gets no sidecar (a dry run in \(namespace))",
            "the webhook was not asked, or did not answer and is passed over: see its Pods, and the namespace's label "
              + AnnotationKey.inject))
      }
    case .refused(let message) where message.contains("failed calling webhook"):
      results.append(
        .failure(
          section, "the API server gets no answer: \(message)",
          "see whether the webhook's Pods run, and whether a NetworkPolicy or firewall keeps the API server out"))
    case .refused(let message):
      results.append(.warning(section, "what a Pod gets is not known: \(message)", "try another namespace with -n"))
    }
    switch try await attempt(.deployments, try wrongDeployment()) {
    // Another webhook may refuse the object for a reason of its own.
    case .refused(let message) where message.contains("admission webhook") && message.contains(AnnotationKey.users):
      results.append(.good(section, "a wrong declaration is refused (a dry run in \(namespace))"))
    case .refused(let message) where message.contains("failed calling webhook"): break
    case .refused(let message):
      results.append(
        .warning(
          section, "whether a wrong declaration is refused is not known: \(message)", "try another namespace with -n"))
    case .stored:
      results.append(
        .failure(
          section, "a wrong declaration is not refused (a dry run in \(namespace))",
          "the webhook was not asked, or did not answer and is passed over: see its Pods, and the namespace's label "
            + AnnotationKey.inject))
    }
    return results
  }

  private enum Outcome {
    case stored(JSONValue)
    case refused(String)
  }

  private func attempt(_ resource: Resource, _ object: JSONValue) async throws(CommandError) -> Outcome {
    do throws(KubernetesError) {
      return .stored(try await access.client.create(resource, object, dryRun: true))
    } catch {
      guard case .refused(let status) = error.cause else { throw .refused(error.description) }
      return .refused(status.message)
    }
  }

  private func pod() throws(CommandError) -> JSONValue { try object("", Self.spec) }

  private func wrongDeployment() throws(CommandError) -> JSONValue {
    try object(
      #","annotations":{"\#(AnnotationKey.users)":"[{nme: x}]"}"#,
      #"{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":\#(Self.spec)}}"#)
  }

  private func object(_ metadata: String, _ spec: String) throws(CommandError) -> JSONValue {
    let name = "\(Self.customer)-\(UUID().uuidString.prefix(8).lowercased())"
    let text = """
      {"metadata":{"name":"\(name)","namespace":"\(namespace)","labels":{"\(AnnotationKey.customerLabel)":"\(Self.customer)"}
      \(metadata)},"spec":\(spec)}
      """
    do throws(JSONError) { return try JSONValue(parsing: Array(text.utf8)) } catch { throw .refused(error.message) }
  }

  /// Also allowed where the Pod Security Standard "restricted" is enforced.
  private static let spec = """
    {"securityContext":{"runAsNonRoot":true,"runAsUser":999,"seccompProfile":{"type":"RuntimeDefault"}},
    "containers":[{"name":"postgres","image":"postgres:17","securityContext":{"allowPrivilegeEscalation":false,
    "capabilities":{"drop":["ALL"]}},"resources":{"requests":{"cpu":"10m","memory":"32Mi"},
    "limits":{"cpu":"1","memory":"256Mi"}}}]}
    """
}
