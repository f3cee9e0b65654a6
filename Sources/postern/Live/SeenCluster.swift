import Contract
import JSONBytes
import KubernetesAPI
import KubernetesClient

/// What is known of a cluster's customers, from lists or from watches.
struct SeenCluster: Sendable {
  /// An object, reduced to what the list shows.
  struct Sighting: Sendable {
    let uid: String
    let workload: SeenWorkload?
    let pod: SeenPod?
    let spec: SeenSpec?
    /// Set where its label does nothing.
    let idle: IdleLabel?

    var matters: Bool { name != nil || idle != nil }
    var name: CustomerName? { workload?.name ?? pod?.name ?? spec?.name }
  }

  /// The kinds of objects that are read.
  static let resources = [Resource.deployments, .statefulSets, .pods, .configMaps]

  /// By UID, for each kind.
  private var sightings: [Resource: [String: Sighting]] = [:]
  /// For kinds that are being listed, the UIDs so far.
  private var listing: [Resource: Set<String>] = [:]
  /// The kinds that the user may not read.
  var forbidden: Set<Resource> = []

  /// Whether the user may read anything by which customers are known.
  var showsCustomers: Bool { [Resource.deployments, .statefulSets, .pods].contains { !forbidden.contains($0) } }

  /// The objects of a kind that matter, of one customer or of all.
  static func selection(_ resource: Resource, namespace: String?, customer: String? = nil) -> Selection {
    let label = customer.map { "\(AnnotationKey.customerLabel)=\($0)" } ?? AnnotationKey.customerLabel
    let managed = resource == .configMaps ? ",\(ObjectLabel.managedBy)=\(ObjectLabel.manager)" : ""
    return Selection(resource, namespace: namespace, labelSelector: label + managed)
  }

  static func reader(_ resource: Resource) -> ObjectReader<Sighting> {
    ObjectReader { bytes throws(JSONError) in
      let object = try JSONValue(parsing: bytes)
      let metadata = object["metadata"]
      let namespace = metadata?["namespace"]?.string ?? ""
      let pod = resource == .pods ? SeenPod(bytes, object, namespace: namespace) : nil
      let declares = resource == .configMaps || (resource == .pods && (pod == nil || pod?.owner != nil))
      let workload = declares ? nil : SeenWorkload(bytes, object, resource, namespace: namespace)
      let isIdle = resource == .pods ? pod == nil : resource != .configMaps && workload == nil
      return Sighting(
        uid: metadata?["uid"]?.string ?? "", workload: workload, pod: pod,
        spec: resource == .configMaps ? SeenSpec(object) : nil,
        idle: isIdle ? IdleLabel(object, resource, namespace: namespace) : nil)
    }
  }

  mutating func take(_ change: Change<Sighting>, of resource: Resource) {
    switch change {
    case .listing: listing[resource] = []
    case .present(let sighting):
      listing[resource]?.insert(sighting.uid)
      sightings[resource, default: [:]][sighting.uid] = sighting.matters ? sighting : nil
    case .listed:
      if let present = listing.removeValue(forKey: resource) {
        sightings[resource] = sightings[resource]?.filter { present.contains($0.key) }
      }
    case .deleted(let sighting): sightings[resource]?[sighting.uid] = nil
    }
  }

  mutating func take(_ all: [Sighting], of resource: Resource) {
    for sighting in all where sighting.matters { sightings[resource, default: [:]][sighting.uid] = sighting }
  }

  /// All labels that do nothing.
  var idleLabels: [IdleLabel] {
    sightings.values.flatMap(\.values).compactMap(\.idle).sorted { $0.object < $1.object }
  }

  /// All Pods without a sidecar.
  var podsWithoutSidecar: [SeenPod] {
    (sightings[.pods] ?? [:]).values.compactMap(\.pod).filter { !$0.isInjected }
      .sorted { ($0.name, $0.pod) < ($1.name, $1.pod) }
  }

  /// The Pods of a customer, by name.
  func pods(of name: CustomerName) -> [SeenPod] {
    (sightings[.pods] ?? [:]).values.compactMap(\.pod).filter { $0.name == name }.sorted { $0.pod < $1.pod }
  }

  /// A row for each customer, in order. A ConfigMap alone is no customer: it is what remains while it is removed.
  func rows() -> [CustomerRow] {
    var workloads: [CustomerName: [SeenWorkload]] = [:]
    var pods: [CustomerName: [SeenPod]] = [:]
    var specs: [CustomerName: SeenSpec] = [:]
    for sighting in sightings.values.flatMap(\.values) {
      if let workload = sighting.workload { workloads[workload.name, default: []].append(workload) }
      if let pod = sighting.pod { pods[pod.name, default: []].append(pod) }
      if let spec = sighting.spec { specs[spec.name] = spec }
    }
    return Set(workloads.keys).union(pods.keys).sorted().map { name in
      CustomerRow(
        name, workloads: workloads[name] ?? [], pods: pods[name] ?? [], spec: specs[name],
        knowsSpecs: !forbidden.contains(.configMaps))
    }
  }
}
