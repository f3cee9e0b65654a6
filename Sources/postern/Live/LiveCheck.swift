import Contract
import KubernetesAPI
import KubernetesClient

/// The check of a cluster: everything that can be seen with the user's rights, and only by reading and by dry runs.
struct LiveCheck {
  let access: ClusterAccess
  /// The name of both webhook configurations.
  var configuration = Installation.name
  /// Postern's own namespace, where the configurations do not name it.
  var system = "\(Installation.name)-system"

  private static let configurations = [
    Resource.mutatingWebhookConfigurations, .validatingWebhookConfigurations,
  ]

  func results() async throws(CommandError) -> [CheckResult] {
    var results: [CheckResult] = []
    var found: [WebhookRegistration] = []
    /// Adds what is seen. A question that gets no answer takes nothing away from what is known by then.
    func look(at section: String, _ work: () async throws(CommandError) -> [CheckResult]) async {
      do throws(CommandError) { results += try await work() } catch {
        let text = error.lines.joined(separator: "; ").replacing("error: ", with: "")
        results.append(.failure(section, "the rest of it is not known: \(text)", "try again"))
      }
    }
    // Without an answer to the first there is no cluster.
    for resource in Self.configurations {
      let (result, registration) = try await registration(resource)
      results.append(result)
      if let registration {
        found.append(registration)
        results += registration.problems
      }
    }
    let registrations = found
    let system = found.lazy.compactMap(\.namespace).first ?? system
    await look(at: WebhookRegistration.section) { () throws(CommandError) in
      try await certificate(registrations, system)
    }
    if !found.isEmpty {
      await look(at: WebhookRegistration.section) { () throws(CommandError) in
        try await WebhookProbe(access: access).results()
      }
    }
    await look(at: "controller") { () throws(CommandError) in
      try await ControlPlaneCheck(access: access, namespace: system).results()
    }
    await look(at: "customers") { () throws(CommandError) in
      try await CustomerCheck(access: access, registered: registrations.compactMap(\.created).max()).results()
    }
    return results
  }

  private func registration(_ resource: Resource) async throws(CommandError) -> (CheckResult, WebhookRegistration?) {
    let section = WebhookRegistration.section
    do throws(KubernetesError) {
      let object = try await access.client.get(resource, configuration)
      return (
        .good(section, "\(resource.kind) \(configuration) is registered"), WebhookRegistration(object, resource)
      )
    } catch {
      switch error.code {
      case 403:
        return (
          .warning(
            section, "it is not known whether the \(resource.kind) is registered",
            "you may not get \(resource.plural); ask for the right to"), nil
        )
      case 404:
        return (
          .failure(
            section, "there is no \(resource.kind) \(configuration)", "install it: kubectl apply -k webhook-config"),
          nil
        )
      default: throw .refused(error.description)
      }
    }
  }

  /// The Secret's key is not looked at.
  private func certificate(
    _ found: [WebhookRegistration], _ system: String
  ) async throws(CommandError) -> [CheckResult] {
    guard let registration = found.first(where: { $0.service != nil }), let service = registration.service else {
      return []
    }
    let section = WebhookRegistration.section
    do throws(KubernetesError) {
      let pem = try await access.client.get(
        .secrets, Installation.certificateSecret, in: system, as: WebhookRegistration.certificateReader)
      return found.flatMap { $0.judge(pem, name: "\(service).\(system).svc") }
    } catch {
      let name = "Secret \(system)/\(Installation.certificateSecret)"
      switch error.code {
      case 403:
        return [
          .warning(
            section, "the serving certificate was not looked at", "you may not get \(name); ask for the right to")
        ]
      case 404:
        return [
          .warning(
            section, "there is no \(name)",
            "the controller makes it; with a certificate of your own this is as it should be")
        ]
      default: throw .refused(error.description)
      }
    }
  }
}
