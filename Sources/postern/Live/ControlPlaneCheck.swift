import Contract
import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Linux

/// The check of Postern's own Deployments, of the leader, and of their rights.
struct ControlPlaneCheck {
  let access: ClusterAccess
  /// Postern's own namespace.
  let namespace: String

  func results() async throws(CommandError) -> [CheckResult] {
    let webhook = try await deployment("webhook")
    let controller = try await deployment("controller")
    var results = webhook.results + controller.results + (try await leader())
    results += try await rights("webhook", ServiceAccountRight.webhook, webhook.object)
    results += try await rights("controller", ServiceAccountRight.controller, controller.object)
    return results
  }

  private func deployment(_ part: String) async throws(CommandError) -> (results: [CheckResult], object: JSONValue?) {
    let name = "\(Installation.name)-\(part)"
    do throws(KubernetesError) {
      let object = try await access.client.get(.deployments, name, in: namespace)
      return (Self.judge(object, part, name), object)
    } catch {
      switch error.code {
      case 403:
        return (
          [
            .warning(
              part, "Deployment \(namespace)/\(name) was not looked at",
              "you may not get deployments there; ask for the right to")
          ], nil
        )
      case 404:
        return (
          [
            .failure(part, "there is no Deployment \(namespace)/\(name)", "install it: kubectl apply -k webhook-config")
          ],
          nil
        )
      default: throw .refused(error.description)
      }
    }
  }

  static func judge(_ object: JSONValue, _ part: String, _ name: String) -> [CheckResult] {
    let wanted = object["spec"]?["replicas"]?.integer ?? 1
    let available = object["status"]?["availableReplicas"]?.integer ?? 0
    var results: [CheckResult] = []
    let hint = "see why: kubectl describe deployment \(name), and its Pods' logs"
    if available == 0 {
      results.append(.failure(part, "none of \(wanted) replicas of the \(part) is available", hint))
    } else if available < wanted {
      results.append(.warning(part, "\(available) of \(wanted) replicas of the \(part) are available", hint))
    } else {
      results.append(.good(part, "the \(part) is available (\(available) replicas)"))
    }
    let containers = object["spec"]?["template"]?["spec"]?["containers"]?.array ?? []
    let image = containers.lazy.compactMap { $0["image"]?.string }.first ?? ""
    if let other = ImageVersion.other(in: image) {
      results.append(
        .warning(
          part, "the \(part) is of version \(other), this command of \(Release.version)",
          "docs/upgrade.md says which work together"))
    } else if image.hasSuffix(":\(Release.version)") {
      results.append(.good(part, "the \(part) is of this command's version, \(Release.version)"))
    }
    return results
  }

  private func leader() async throws(CommandError) -> [CheckResult] {
    do throws(KubernetesError) {
      let lease = try await access.client.get(.leases, Installation.name, in: namespace)
      return [Self.judge(lease, now: SystemClock.wallMilliseconds / 1000)]
    } catch {
      guard [403, 404].contains(error.code) else { throw .refused(error.description) }
      return [
        error.code == 404
          ? .failure("controller", "no controller has led yet", "see the controllers' logs")
          : .warning(
            "controller", "it is not known who leads", "you may not get leases in \(namespace); ask for the right to")
      ]
    }
  }

  /// Clocks differ, so a minute more is granted.
  static func judge(_ lease: JSONValue, now: Int64) -> CheckResult {
    let holder = lease["spec"]?["holderIdentity"]?.string ?? ""
    guard !holder.isEmpty, let renewed = lease["spec"]?["renewTime"]?.string,
      let time = Timestamp(rfc3339: renewed), now - time.microseconds / 1_000_000 < 75
    else {
      return .failure(
        "controller", "no controller leads, so nothing that is declared is written", "see the controllers' logs")
    }
    return .good("controller", "\(holder.split(separator: "_").first ?? "") leads")
  }

  /// Asks the API server what the ServiceAccount may do, wherever it works.
  private func rights(
    _ part: String, _ needed: [ServiceAccountRight], _ deployment: JSONValue?
  ) async throws(CommandError) -> [CheckResult] {
    let pod = deployment?["spec"]?["template"]?["spec"]
    guard let account = pod?["serviceAccountName"]?.string else { return [] }
    let served = Self.namespaces(pod)
    var missing: [String] = []
    for right in needed {
      let places = right.isInOwnNamespace ? [namespace] : served?.map(Optional.some) ?? [nil]
      for place in places {
        let answer: JSONValue
        do throws(KubernetesError) {
          answer = try await access.client.create(
            Resource(
              group: "authorization.k8s.io", plural: "subjectaccessreviews", kind: "SubjectAccessReview",
              isNamespaced: false), question(account, right, in: place))
        } catch {
          guard error.code == 403 else { throw .refused(error.description) }
          return [
            .warning(
              part, "the rights of ServiceAccount \(account) are not known",
              "you may not create subjectaccessreviews; ask for the right to")
          ]
        }
        if answer["status"]?["allowed"] != .bool(true) {
          missing.append(right.text + (place.map { " in \($0)" } ?? ""))
        }
      }
    }
    guard !missing.isEmpty else { return [.good(part, "ServiceAccount \(account) has the rights that it needs")] }
    return [
      .failure(
        part, "ServiceAccount \(account) may not \(missing.joined(separator: ", "))",
        "kubectl apply -k webhook-config; its README says why each is needed")
    ]
  }

  private func question(_ account: String, _ right: ServiceAccountRight, in place: String?) -> JSONValue {
    .members([
      (
        "spec",
        .members([
          ("user", .string("system:serviceaccount:\(namespace):\(account)")),
          (
            "groups",
            .array(
              ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"]
                .map { .string($0) })
          ),
          (
            "resourceAttributes",
            .members([
              ("namespace", place.map { .string($0) }), ("verb", .string(right.verb)), ("group", .string(right.group)),
              ("resource", .string(right.resource)), ("subresource", right.subresource.map { .string($0) }),
              ("name", right.name.map { .string($0) }),
            ])
          ),
        ])
      )
    ])
  }

  /// The namespaces that it is told to serve; nil: all.
  static func namespaces(_ pod: JSONValue?) -> [String]? {
    for container in pod?["containers"]?.array ?? [] {
      let arguments = (container["args"]?.array ?? []).compactMap(\.string)
      let variable = container["env"]?.array?.first { $0["name"]?.string == "POSTERN_NAMESPACES" }?["value"]?.string
      let following = arguments.firstIndex(of: "--namespaces").flatMap { arguments.dropFirst($0 + 1).first }
      let joined = arguments.first { $0.hasPrefix("--namespaces=") }.map { String($0.dropFirst(13)) }
      if let text = joined ?? following ?? variable, !text.isEmpty {
        return text.split(separator: ",").map { String($0.filter { $0 != " " }) }
      }
    }
    return nil
  }
}
