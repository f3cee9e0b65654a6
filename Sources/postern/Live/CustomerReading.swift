import Admission
import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// Reads everything of one customer that the user may read.
struct CustomerReading {
  let access: ClusterAccess
  let cluster: SeenCluster
  /// Whether Postgres is asked when scripts ran.
  var asksForScripts = false

  func report(_ row: CustomerRow) async throws(CommandError) -> CustomerReport {
    var notes = ClusterAccess.notes(on: cluster.forbidden).map { "note: \($0)" }
    let pods = cluster.pods(of: row.name)
    let spec = try await spec(row, &notes)
    let secrets = try await secrets(row.name)
    if secrets == nil { notes.append("note: you may not list secrets: the passwords' age is not known") }
    let times = asksForScripts ? await ScriptTimes.ask(row.name, about: spec?.databases ?? [], in: access) : nil
    notes += times?.notes ?? []
    return CustomerReport(row: row, pods: pods, spec: spec, secrets: secrets, scriptTimes: times, notes: notes)
  }

  /// What the controller has written, with the users of a flat file; else what the workload declares.
  private func spec(_ row: CustomerRow, _ notes: inout [String]) async throws(CommandError) -> InstanceSpec? {
    if row.declared != nil {
      let object = try await access.allowed { () throws(KubernetesError) in
        try await access.client.get(
          .configMaps, ObjectName.spec(customer: row.name.customer), in: row.name.namespace)
      }
      if let spec = object.flatMap({ SeenSpec.read($0)?.1 }) { return spec }
    }
    let resources: [String: Resource] = ["Deployment": .deployments, "StatefulSet": .statefulSets, "Pod": .pods]
    let parts = row.workload.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let resource = resources[parts[0]] else { return nil }
    let declared = try await access.allowed { () throws(KubernetesError) in
      try await access.client.get(
        resource, parts[1], in: row.name.namespace,
        as: ObjectReader { bytes in
          DeclaredPostgres(bytes, kind: resource.groupVersionKind, namespace: row.name.namespace)
        })
    }
    guard let declaration = declared??.declaration else { return nil }
    if declaration.usersFrom != nil { notes.append("note: the users of the flat file are not shown") }
    return declaration.spec
  }

  /// The customer's Secrets, by name, without their values; nil where they may not be listed.
  private func secrets(_ name: CustomerName) async throws(CommandError) -> [String: UserSecret]? {
    let selection = Selection(
      .secrets, namespace: name.namespace, labelSelector: "\(AnnotationKey.customerLabel)=\(name.customer)",
      metadataOnly: true)
    let found = try await access.listed(
      selection, as: ObjectReader { bytes throws(JSONError) in UserSecret(try JSONValue(parsing: bytes)) })
    return found.map { Dictionary($0.map { ($0.name, $0) }) { $1 } }
  }
}
