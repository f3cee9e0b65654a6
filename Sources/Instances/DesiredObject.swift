import Contract
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
    let labels = [ObjectLabel.managedBy: ObjectLabel.manager, AnnotationKey.customerLabel: customer]
    let metadata = JSONValue.members([
      ("name", .string(name)), ("namespace", .string(namespace)), ("labels", Self.object(labels)),
      ("annotations", annotations.isEmpty ? nil : Self.object(annotations)),
      ("ownerReferences", owner.flatMap(Self.reference).map { .array([$0]) }),
    ])
    return .members([
      ("apiVersion", .string("v1")), ("kind", .string(kind.rawValue)), ("metadata", metadata),
      ("type", type.map { .string($0) }), ("data", Self.object(kind == .secret ? data.mapValues(base64) : data)),
    ])
  }

  /// An element of `ownerReferences`; nil where the owner's UID is not known.
  static func reference(to owner: Instance.Workload) -> JSONValue? {
    owner.uid.map { uid in
      .members([
        ("apiVersion", .string(owner.apiVersion)), ("kind", .string(owner.kind)), ("name", .string(owner.name)),
        ("uid", .string(uid)),
      ])
    }
  }

  /// The values as an object, in the order of their keys.
  package static func object(_ values: [String: String]) -> JSONValue {
    .members(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }
}
