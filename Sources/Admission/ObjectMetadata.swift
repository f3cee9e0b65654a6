import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// The labels and annotations of an object, or of a Pod template, that concern Postern. A class, because all stages hand it
/// on, and copies would retain every part of it.
final class ObjectMetadata {
  /// The label `postern.io/customer`.
  private(set) var customer: String?
  /// The label `postern.io/connect`.
  private(set) var connects: String?
  /// The annotation `postern.io/connections`.
  private(set) var connections: String?
  /// Whether it has the mark of a connected Pod.
  private(set) var isConnected = false
  /// The user's other annotations under `postern.io/`.
  private(set) var annotations: [String: String] = [:]
  /// Whether it has the webhook's mark.
  private(set) var isInjected = false
  /// Whether OpenShift assigns a user from the namespace's range to containers that name none.
  private(set) var isGivenUser = false
  /// Whether the Pod is a mirror of a static Pod: the kubelet made it from a file.
  private(set) var isMirror = false
  /// The place of the manifest that kubectl last applied.
  private var lastAppliedPlace: JSONString?
  private let bytes: [UInt8]
  /// Whether the members exist, so that a patch can add to them.
  let exists: Bool
  let hasLabels: Bool
  let hasAnnotations: Bool

  /// - Parameter labelled: the customer that counts in place of the one that its label names; nil: the label's.
  init(_ slices: MetadataSlices?, of bytes: [UInt8], labelled: String? = nil) throws(JSONError) {
    self.bytes = bytes
    exists = slices != nil
    hasLabels = slices?.labels != nil
    hasAnnotations = slices?.annotations != nil
    if let labels = slices?.labels {
      var reader = JSONReader(labels, of: bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, AnnotationKey.customerLabelBytes) {
          customer = try reader.optionalText()
        } else if reader.matches(key, AnnotationKey.connectLabelBytes) {
          connects = try reader.optionalText()
        } else {
          try reader.skip()
        }
      }
    }
    if let annotations = slices?.annotations {
      var reader = JSONReader(annotations, of: bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() { try readAnnotation(key, &reader) }
    }
    if let labelled { customer = labelled }
  }

  private func readAnnotation(_ key: JSONString, _ reader: inout JSONReader) throws(JSONError) {
    if reader.matches(key, "kubernetes.io/config.mirror") {
      isMirror = try reader.optionalText() != nil
    } else if reader.matches(key, "kubectl.kubernetes.io/last-applied-configuration") {
      lastAppliedPlace = try reader.optionalString()
    } else if reader.matches(key, "openshift.io/scc") {
      isGivenUser = try reader.optionalText() != nil
    } else if reader.matches(key, AnnotationKey.injectedBytes) {
      isInjected = try reader.optionalText() != nil
    } else if reader.matches(key, AnnotationKey.updatedBytes)
      || reader.matches(key, AnnotationKey.sidecarUpdatedBytes)
    {
      try reader.skip()
    } else if reader.matches(key, AnnotationKey.connectionsBytes) {
      connections = try reader.optionalText()
    } else if reader.matches(key, AnnotationKey.connectedBytes) {
      isConnected = try reader.optionalText() != nil
    } else if reader.starts(key, with: AnnotationKey.prefixBytes) {
      annotations[reader.text(key)] = try reader.optionalText() ?? ""
    } else {
      try reader.skip()
    }
  }

  /// Whether it declares what an instance holds.
  var declares: Bool {
    AnnotationKey.declaring.contains { annotations[$0] != nil }
  }

  /// Whether it sets anything beside what an instance holds.
  var hasSettings: Bool { annotations.keys.contains { !AnnotationKey.declaring.contains($0) } }

  /// The manifest that kubectl last applied, which kubectl stores in an annotation (Kubernetes docs, "Declarative
  /// Management").
  var lastApplied: String? { lastAppliedPlace.map { JSONReader(bytes).text($0) } }

  /// Whether Postern must leave the object alone.
  var isLeftAlone: Bool { setting(AnnotationKey.inject) == "false" }

  /// The value of an annotation that holds one word, without the white space around it, as the declaration reads it.
  func setting(_ key: String) -> String? {
    annotations[key].map { $0.trimmed ?? "" }
  }

  /// Whether `other` has the same label and annotations of Postern's.
  func saysTheSame(as other: ObjectMetadata) -> Bool {
    customer == other.customer && annotations == other.annotations
  }
}

extension PodSlices {
  /// The controller of the object, such as a ReplicaSet: the owner that made it and manages it (Kubernetes docs,
  /// "Owners and Dependents"). Other owners only delete it when they are deleted.
  /// - Returns: its kind; nil where there is none.
  func controller(in bytes: [UInt8]) throws(JSONError) -> String? {
    guard let slice = metadata?.ownerReferences else { return nil }
    var found: String?
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      var (kind, isController) = ("", false)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "controller") {
          isController = try reader.optionalBool()
        } else if reader.matches(key, "kind") {
          kind = try reader.optionalText() ?? ""
        } else {
          try reader.skip()
        }
      }
      if isController { found = kind }
    }
    return found
  }

  /// The object's name, or its `generateName`.
  func displayName(in bytes: [UInt8]) throws(JSONError) -> String {
    guard let slice = metadata?.name ?? metadata?.generateName else { return "" }
    var reader = JSONReader(slice, of: bytes)
    let text = try reader.string()
    return reader.text(text)
  }
}
