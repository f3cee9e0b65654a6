import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// A Pod, or a workload's Pod template, that connects to a customer's database: it has the label `postern.io/connect`,
/// or was meant to have it.
struct ConnectTarget {
  /// The kinds whose templates are looked at.
  static let workloads: Set<GroupVersionKind> = [
    .deployment, .statefulSet, .daemonSet, .replicaSet, .job, .cronJob,
  ]

  let kind: String
  /// Nil for a Pod.
  let own: ObjectMetadata?
  /// The metadata of the Pod or of the template.
  let metadata: ObjectMetadata
  let pod: PodSlices
  /// The prefix of the Pod's fields.
  let field: String
  /// Whether it is a Pod that a controller has made. Nobody sees warnings about it.
  let isMade: Bool
  let bytes: [UInt8]

  /// Nil where Postern has nothing to do: another kind, no label, a mirror Pod, or `postern.io/inject: "false"`.
  /// - Parameter known: the same object, where it is a customer's Postgres, so that its metadata has been read.
  init?(
    _ object: ObjectSlices, _ kind: GroupVersionKind, known: CustomerObject? = nil, of bytes: [UInt8]
  ) throws(JSONError) {
    let isPod = kind == .pod
    guard isPod || Self.workloads.contains(kind),
      let pod = isPod ? object.pod : try Self.template(of: object, kind, bytes)
    else { return nil }
    if let known {
      metadata = known.podMetadata
      own = isPod ? nil : known.metadata
    } else {
      let places = isPod ? [pod.metadata] : [pod.metadata, object.pod.metadata]
      guard try Self.saysSomething(places, isOwned: object.pod.metadata?.ownerReferences != nil, bytes) else {
        return nil
      }
      metadata = try ObjectMetadata(pod.metadata, of: bytes)
      own = isPod ? nil : try ObjectMetadata(object.pod.metadata, of: bytes)
    }
    guard metadata.connects != nil || metadata.connections != nil || own?.connects != nil || own?.connections != nil,
      !metadata.isMirror, !metadata.isLeftAlone, own?.isLeftAlone != true
    else { return nil }
    isMade = try object.pod.controller(in: bytes) != nil
    field = isPod ? "" : kind == .cronJob ? "spec.jobTemplate.spec.template." : "spec.template."
    self.kind = kind.kind
    self.pod = pod
    self.bytes = bytes
  }

  /// Whether the label or the annotation is there. Nearly all objects have neither, and then no more is read of them. The
  /// annotation alone only gives a warning, which nobody sees who applies the owner of this object.
  private static func saysSomething(
    _ places: [MetadataSlices?], isOwned: Bool, _ bytes: [UInt8]
  ) throws(JSONError) -> Bool {
    for metadata in places {
      if try has(metadata?.labels, AnnotationKey.connectLabelBytes, bytes) { return true }
      if !isOwned, try has(metadata?.annotations, AnnotationKey.connectionsBytes, bytes) { return true }
    }
    return false
  }

  private static func has(_ slice: JSONSlice?, _ wanted: StaticString, _ bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let slice else { return false }
    var reader = JSONReader(slice, of: bytes)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, wanted) { return true }
      try reader.skip()
    }
    return false
  }

  private static func template(
    of object: ObjectSlices, _ kind: GroupVersionKind, _ bytes: [UInt8]
  ) throws(JSONError) -> PodSlices? {
    guard kind == .cronJob else { return object.template }
    guard let slice = object.pod.spec.jobTemplate else { return nil }
    var reader = JSONReader(slice, of: bytes)
    return try ObjectSlices(&reader)?.template
  }

  /// The connections; nil where the label is missing.
  var reading: ConnectionsResult? {
    metadata.connects.map {
      ConnectionsResult(customer: $0, metadata.connections, others: metadata.annotations.keys)
    }
  }

  /// What is wrong with the places of the label and the annotation.
  var placeFindings: Findings {
    var findings = Findings()
    guard metadata.connects == nil else {
      if metadata.connections == nil, own?.connections != nil {
        findings.refuse(
          "metadata.annotations[\(AnnotationKey.connections)]",
          "the Pods do not have their \(kind)'s annotations; move it to \(field)metadata.annotations")
      }
      return findings
    }
    if own?.connects != nil {
      findings.refuse(
        "metadata.labels[\(AnnotationKey.connectLabel)]",
        "the Pods do not have their \(kind)'s labels; write it in \(field)metadata.labels, too, or remove it here")
    } else {
      let place = metadata.connections == nil ? "" : field
      findings.warn(
        "\(place)metadata.annotations[\(AnnotationKey.connections)] needs label \(AnnotationKey.connectLabel) beside it"
      )
    }
    return findings
  }

  /// Whether an update leaves everything as it was that a refusal can depend on.
  func isUnchanged(from old: Self) throws(JSONError) -> Bool {
    guard metadata.connects == old.metadata.connects, metadata.connections == old.metadata.connections,
      metadata.customer == old.metadata.customer, own?.connects == old.own?.connects,
      own?.connections == old.own?.connections
    else { return false }
    let names = try ConnectedPod(pod.spec, of: bytes).names
    return try names == ConnectedPod(old.pod.spec, of: old.bytes).names
  }
}

extension AdmissionReview {
  /// Whether a Pod that may connect is created, or a workload of such Pods is created or updated.
  var mayConnect: Bool {
    guard subResource == nil, let object, CustomerObject.concerns(object, namespace: namespace) else { return false }
    return kind == .pod
      ? operation == .create
      : (operation == .create || operation == .update) && ConnectTarget.workloads.contains(kind)
  }
}
