import Contract
import Declarations
package import JSONBytes

/// A ConfigMap or Secret that must exist, in the form that server-side apply takes.
package struct DesiredObject: Equatable, Sendable {
  /// The kinds of objects.
  package enum Kind: String, Sendable {
    case configMap = "ConfigMap"
    case secret = "Secret"
  }

  /// The kind of the object.
  package var kind: Kind
  /// `metadata.name`
  package var name: String
  /// `metadata.namespace`
  package var namespace: String
  /// The customer that it belongs to: `metadata.labels[postern.io/customer]`.
  package var customer: String
  /// `metadata.annotations`
  package var annotations: [String: String] = [:]
  /// `metadata.ownerReferences[0]`; nil for an object that outlives the workload.
  package var owner: Instance.Workload?
  /// `type` of a Secret.
  package var type: String?
  /// The values as text, by key.
  package var data: [String: String]
  /// Keys whose values are only given when the object is created. Later they belong to whoever edits them.
  package var seeds: Set<String> = []

  /// The number of bytes in its values.
  package var valueBytes: Int { data.values.reduce(0) { $0 + $1.utf8.count } }

  /// The manifest. A Secret's values are in `data`, in base64; a ConfigMap's are plain text.
  package func manifest(base64: (String) -> String) -> JSONValue {
    var metadata = JSONObject()
    metadata["name"] = .string(name)
    metadata["namespace"] = .string(namespace)
    metadata["labels"] = Self.object([
      ObjectLabel.managedBy: ObjectLabel.manager, AnnotationKey.customerLabel: customer,
    ])
    if !annotations.isEmpty { metadata["annotations"] = Self.object(annotations) }
    if let reference = owner.flatMap(Self.reference) { metadata["ownerReferences"] = .array([reference]) }
    var root = JSONObject()
    root["apiVersion"] = .string("v1")
    root["kind"] = .string(kind.rawValue)
    root["metadata"] = .object(metadata)
    if let type { root["type"] = .string(type) }
    root["data"] = Self.object(kind == .secret ? data.mapValues(base64) : data)
    return .object(root)
  }

  /// An element of `ownerReferences`; nil where the owner's UID is not known.
  static func reference(to owner: Instance.Workload) -> JSONValue? {
    guard let uid = owner.uid else { return nil }
    var reference = JSONObject()
    reference["apiVersion"] = .string(owner.apiVersion)
    reference["kind"] = .string(owner.kind)
    reference["name"] = .string(owner.name)
    reference["uid"] = .string(uid)
    return .object(reference)
  }

  /// The values as an object, in the order of their keys.
  package static func object(_ values: [String: String]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in values.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
    return .object(object)
  }
}
