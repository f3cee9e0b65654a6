import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// The check of what customers get.
struct CustomerCheck {
  let access: ClusterAccess
  /// When the webhooks were registered; nil where that is not known.
  let registered: String?

  private static let section = "customers"
  /// How many objects a line names.
  private static let shown = 5

  /// Kinds that many give the label to in vain.
  private static let unserved = [
    Resource(group: "apps", plural: "daemonsets", kind: "DaemonSet"),
    Resource(group: "batch", plural: "jobs", kind: "Job"),
    Resource(group: "batch", plural: "cronjobs", kind: "CronJob"),
  ]

  func results() async throws(CommandError) -> [CheckResult] {
    let cluster = try await access.lookAround()
    var results = ClusterAccess.notes(on: cluster.forbidden).map {
      CheckResult.warning(Self.section, $0, "ask for the right to")
    }
    let rows = cluster.rows()
    results += Self.judge(rows)
    results += Self.withoutSidecar(cluster.podsWithoutSidecar, registered: registered)
    results += Self.idle(cluster.idleLabels + (try await unserved()))
    results += try await foreignObjects(rows)
    if cluster.showsCustomers, !results.contains(where: { $0.level == .failure }) {
      results.append(.good(Self.section, "\(rows.count) customers \(access.place)"))
    }
    return results
  }

  static func judge(_ rows: [CustomerRow]) -> [CheckResult] {
    func line(_ state: CustomerRow.State, _ what: String, _ hint: String, isFailure: Bool) -> CheckResult? {
      let found = rows.filter { row in row.problems.contains { $0.hasPrefix("\(state.rawValue): ") } }
      guard !found.isEmpty else { return nil }
      let text = "\(what): \(list(found.map { "\($0.name.namespace)/\($0.name.customer)" }))"
      return isFailure ? .failure(section, text, hint) : .warning(section, text, hint)
    }
    let details = "postern status CUSTOMER says what"
    let outdated = rows.flatMap { row in row.outdated.map { "\(row.name.namespace)/\($0.pod) \($0.version)" } }
    return [
      line(.conflict, "several objects declare", "leave the declarations to one of them", isFailure: true),
      line(.invalid, "declarations with errors", details, isFailure: true),
      line(.failing, "Postgres refuses something", details, isFailure: false),
      line(.unreachable, "sidecars that do not answer the controller", details, isFailure: false),
      line(.incomplete, "not all that is declared is carried out", details, isFailure: false),
      line(.pending, "not applied yet", details, isFailure: false),
      line(.noService, "connection Secrets name a host that leads nowhere", details, isFailure: false),
      outdated.isEmpty
        ? nil
        : .warning(
          section, "sidecars of another version than \(Release.version): \(list(outdated))",
          "they are replaced when their Pods are made again"),
    ].compactMap(\.self)
  }

  /// A Pod that was made before the webhooks were registered, or later.
  static func withoutSidecar(_ pods: [SeenPod], registered: String?) -> [CheckResult] {
    let early = pods.filter { pod in registered.map { pod.created < $0 } ?? false }
    let late = pods.filter { pod in registered.map { pod.created >= $0 } ?? true }
    let hint = "delete them, so that they are made again with one"
    func names(_ pods: [SeenPod]) -> String { list(pods.map { "\($0.name.namespace)/\($0.pod)" }) }
    return [
      early.isEmpty
        ? nil
        : .failure(section, "Pods without sidecar, made before the webhook was registered: \(names(early))", hint),
      late.isEmpty
        ? nil
        : .failure(
          section,
          "Pods without sidecar, made while the webhook was not asked (the namespace's label \(AnnotationKey.inject): "
            + "\(AnnotationKey.disabledNamespace)) or did not answer: \(names(late))", hint),
    ].compactMap(\.self)
  }

  static func idle(_ labels: [IdleLabel]) -> [CheckResult] {
    guard !labels.isEmpty else { return [] }
    return [
      .warning(
        section,
        "labels \(AnnotationKey.customerLabel) that do nothing: "
          + list(labels.map { "\($0.object) (\($0.reason))" }), "take them off, or change what is in the way")
    ]
  }

  private func unserved() async throws(CommandError) -> [IdleLabel] {
    var labels: [IdleLabel] = []
    for resource in Self.unserved {
      let selection = Selection(resource, namespace: access.namespace, labelSelector: AnnotationKey.customerLabel)
      let reader = ObjectReader { bytes throws(JSONError) in
        let object = try JSONValue(parsing: bytes)
        return IdleLabel(object, resource, namespace: object["metadata"]?["namespace"]?.string ?? "")
      }
      let found = try await access.listed(selection, as: reader)
      labels += (found ?? []).compactMap(\.self)
    }
    return labels
  }

  /// Objects of others with names that a customer needs. Of Secrets only the metadata is read.
  private func foreignObjects(_ rows: [CustomerRow]) async throws(CommandError) -> [CheckResult] {
    let needed = Set(
      rows.flatMap { row in
        [
          "Secret \(row.name.namespace)/\(ObjectName.passwords(customer: row.name.customer))",
          "ConfigMap \(row.name.namespace)/\(ObjectName.spec(customer: row.name.customer))",
        ]
      })
    guard !needed.isEmpty else { return [] }
    var foreign: [String] = []
    for resource in [Resource.secrets, .configMaps] {
      let selection = Selection(
        resource, namespace: access.namespace, labelSelector: "\(ObjectLabel.managedBy)!=\(ObjectLabel.manager)",
        metadataOnly: true)
      let reader = ObjectReader { bytes throws(JSONError) in
        let header = try ObjectHeader(bytes)
        let name = "\(resource.kind) \(header.namespace)/\(header.name)"
        return needed.contains(name) ? name : nil
      }
      let found = try await access.listed(selection, as: reader)
      foreign += (found ?? []).compactMap(\.self)
    }
    guard !foreign.isEmpty else { return [] }
    return [
      .failure(
        Self.section, "objects with Postern's names that are not Postern's: \(Self.list(foreign.sorted()))",
        "rename or delete them; until then nothing is written for their customers")
    ]
  }

  private static func list(_ names: [String]) -> String {
    let more = names.count > shown ? " and \(names.count - shown) more" : ""
    return names.prefix(shown).joined(separator: ", ") + more
  }
}
