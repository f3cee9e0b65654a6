import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux
import ServingCertificate
import TextEncoding

/// One of the two webhook configurations, as the API server has it.
struct WebhookRegistration {
  static let section = "webhook"

  /// The webhooks of this version, by the kind of the configuration.
  static let names = [
    Resource.mutatingWebhookConfigurations.kind: ["pods", "workloads", "connections"],
    Resource.validatingWebhookConfigurations.kind: ["pods", "workloads", "secrets", "connections"],
  ].mapValues { $0.map { "\($0).\(AnnotationKey.prefix.dropLast())" } }

  let kind: String
  let created: String?
  /// The Service that the API server calls; nil where it calls a URL.
  let service: String?
  let namespace: String?
  private let webhooks: [JSONValue]

  init(_ object: JSONValue, _ resource: Resource) {
    kind = resource.kind
    created = object["metadata"]?["creationTimestamp"]?.string
    webhooks = object["webhooks"]?.array ?? []
    let service = webhooks.lazy.compactMap { $0["clientConfig"]?["service"] }.first
    self.service = service?["name"]?.string
    namespace = service?["namespace"]?.string
  }

  /// What is wrong with it by itself.
  var problems: [CheckResult] {
    var problems: [CheckResult] = []
    if webhooks.isEmpty {
      problems.append(.failure(Self.section, "\(kind) has no webhooks", "kubectl apply -k webhook-config"))
    }
    let names = webhooks.compactMap { $0["name"]?.string }
    for name in Self.names[kind] ?? [] where !webhooks.isEmpty && !names.contains(name) {
      problems.append(
        .failure(
          Self.section, "\(kind) has no webhook \(name): it is of an older version",
          "kubectl apply -k webhook-config, or upgrade the chart"))
    }
    for webhook in webhooks {
      let name = "\(kind) \(webhook["name"]?.string ?? "")"
      if authorities(webhook).isEmpty {
        problems.append(
          .failure(
            Self.section, "\(name) has no caBundle, so the API server trusts nobody there",
            "the controller writes it (--self-signed): see whether it runs; or write that of your own authority"))
      }
      if webhook["failurePolicy"]?.string == "Ignore" {
        problems.append(
          .warning(
            Self.section, "\(name) is passed over where it does not answer (failurePolicy: Ignore)",
            "Pods that are made meanwhile have no sidecar; delete them afterwards"))
      }
    }
    return problems
  }

  private func authorities(_ webhook: JSONValue) -> String {
    let encoded = webhook["clientConfig"]?["caBundle"]?.string ?? ""
    return String(decoding: Base64.decoded(encoded) ?? [], as: UTF8.self)
  }

  /// Compares what it trusts with the certificate that is served.
  /// - Parameter pem: the certificate; nil where the Secret has none.
  func judge(
    _ pem: String?, name: String, now: Int = Int(SystemClock.wallMilliseconds / 1000)
  ) -> [CheckResult] {
    guard let certificate = pem.flatMap({ ServedCertificate(pem: $0) }) else {
      return [
        .failure(
          Self.section, "Secret \(Installation.certificateSecret) has no certificate",
          "delete the Secret, so that the controller makes another")
      ]
    }
    var results: [CheckResult] = []
    let distrusting = webhooks.filter { !certificate.isIssued(byOneOf: authorities($0)) }
    if distrusting.isEmpty {
      results.append(.good(Self.section, "\(kind) trusts the serving certificate"))
    } else {
      results.append(
        .failure(
          Self.section, "\(kind): the caBundle is not of the authority that issued the serving certificate",
          "the controller writes it (--self-signed): see its log; or write that of your own authority"))
    }
    if !certificate.isFor(name) {
      results.append(
        .failure(Self.section, "the serving certificate is not for \(name)", "issue it for that name"))
    }
    let left = certificate.end - now
    let end = SystemClock.timestamp(Int64(certificate.end) * 1000).prefix(16)
    let hint = "the controller renews it (--self-signed): see its log; or renew it yourself"
    if left <= 0 {
      results.append(.failure(Self.section, "the serving certificate has ended at \(end)Z", hint))
    } else if left < 7 * 86_400 {
      results.append(.warning(Self.section, "the serving certificate ends at \(end)Z", hint))
    } else {
      results.append(.good(Self.section, "the serving certificate is valid until \(end)Z"))
    }
    return results
  }

  /// Reads nothing but the certificate of a Secret.
  static let certificateReader = ObjectReader { bytes throws(JSONError) -> String? in
    let encoded = try JSONValue(parsing: bytes)["data"]?["tls.crt"]?.string
    return encoded.flatMap { Base64.decoded($0) }.map { String(decoding: $0, as: UTF8.self) }
  }
}
