import Contract
import Declarations
package import JSONBytes
import KubernetesAPI
import TextEncoding

/// A ConfigMap or Secret as the API server holds it.
struct LiveObject: Equatable, Sendable {
  let kind: DesiredObject.Kind
  let name: String
  let uid: String
  let resourceVersion: String
  let labels: [String: String]
  let annotations: [String: String]
  /// The values, by key, decoded.
  let data: [String: [UInt8]]
  /// UIDs of its owners.
  let owners: Set<String>
  /// Keys of `data` that Postern has applied, and nobody has changed since.
  private(set) var appliedKeys: Set<String> = []
  /// UIDs of owners that Postern has applied.
  private(set) var appliedOwners: Set<String> = []
  /// Keys of `data` that Postern has written, in whatever way, and nobody has changed since.
  private(set) var writtenKeys: Set<String> = []

  /// Nil where it has no name.
  init?(_ value: JSONValue, kind: DesiredObject.Kind) {
    guard let metadata = value["metadata"], let name = metadata["name"]?.string else { return nil }
    self.kind = kind
    self.name = name
    uid = metadata["uid"]?.string ?? ""
    resourceVersion = metadata["resourceVersion"]?.string ?? ""
    labels = metadata["labels"]?.texts ?? [:]
    annotations = metadata["annotations"]?.texts ?? [:]
    data = value.objectData(kind)
    owners = Set((metadata["ownerReferences"]?.array ?? []).compactMap { $0["uid"]?.string })
    for entry in metadata["managedFields"]?.array ?? []
    where entry["manager"]?.string == ObjectLabel.manager {
      readFields(entry["fieldsV1"], isApplied: entry["operation"]?.string == "Apply")
    }
  }

  /// Reads a set of fields (Kubernetes docs, "Server-Side Apply", and structured-merge-diff's `fieldpath`).
  private mutating func readFields(_ fields: JSONValue?, isApplied: Bool) {
    let keys = Set((fields?["f:data"]?.keys ?? []).filter { $0.hasPrefix("f:") }.map { String($0.dropFirst(2)) })
    writtenKeys.formUnion(keys)
    guard isApplied else { return }
    appliedKeys.formUnion(keys)
    for key in fields?["f:metadata"]?["f:ownerReferences"]?.keys ?? [] where key.hasPrefix("k:") {
      guard let value = try? JSONValue(parsing: Array(key.utf8.dropFirst(2))), let uid = value["uid"]?.string else {
        continue
      }
      appliedOwners.insert(uid)
    }
  }

  /// Whether it is one of the customer's that Postern made, or was given.
  func isManaged(for customer: String) -> Bool {
    labels[ObjectLabel.managedBy] == ObjectLabel.manager
      && (labels[AnnotationKey.customerLabel] ?? customer) == customer
  }
}

extension JSONValue {
  /// The keys of an object, in order.
  var keys: [String] {
    guard case .object(let object) = self else { return [] }
    return object.members.map(\.key)
  }

  /// The members of an object that are strings.
  var texts: [String: String] {
    guard case .object(let object) = self else { return [:] }
    return Dictionary(
      object.members.compactMap { member in member.value.string.map { (member.key, $0) } },
      uniquingKeysWith: { _, last in last })
  }

  /// What a ConfigMap or Secret holds, decoded; of a manifest, `stringData` as well.
  package func objectData(_ kind: DesiredObject.Kind) -> [String: [UInt8]] {
    let plain = (self[kind == .secret ? "stringData" : "data"]?.texts ?? [:]).mapValues { Array($0.utf8) }
    // Line breaks in base64 do not count, as kubectl has it.
    let encoded = (self[kind == .secret ? "data" : "binaryData"]?.texts ?? [:])
      .compactMapValues {
        Base64.decoded($0.contains(where: \.isWhitespace) ? $0.filter { !$0.isWhitespace } : $0)
      }
    return encoded.merging(plain) { _, plain in plain }
  }
}

extension DesiredObject.Kind {
  var resource: Resource {
    switch self {
    case .configMap: .configMaps
    case .secret: .secrets
    }
  }
}
