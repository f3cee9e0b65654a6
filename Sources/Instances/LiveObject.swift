import Contract
package import JSONBytes
package import KubernetesAPI
import TextEncoding

/// A ConfigMap or Secret as the API server stores it.
package struct LiveObject: Equatable, Sendable {
  package let kind: DesiredObject.Kind
  package private(set) var name = ""
  package private(set) var namespace = ""
  package private(set) var uid = ""
  package private(set) var resourceVersion = ""
  package private(set) var labels: [String: String] = [:]
  package private(set) var annotations: [String: String] = [:]
  /// The decoded values, by key.
  package private(set) var data: [String: [UInt8]] = [:]
  /// UIDs of its owners.
  package private(set) var owners: Set<String> = []
  /// Keys of `data` that Postern has applied and nobody else has changed since.
  private(set) var appliedKeys: Set<String> = []
  /// Whether Postern has written any of it. A copy that somebody has made has the same labels.
  package private(set) var isWritten = false
  /// Whether the labels by which it is Postern's are among that: not of what was restored without its `managedFields`.
  private(set) var isHeld = false
  /// `type` of a Secret.
  private(set) var type: String?
  /// UIDs of the owners that Postern has applied.
  private(set) var appliedOwners: Set<String> = []
  /// Keys of `data` that Postern has written by any kind of write and nobody else has changed since.
  private(set) var writtenKeys: Set<String> = []

  /// Reads an object. Fields that are not needed are skipped, however deep they are.
  package init(_ bytes: [UInt8], kind: DesiredObject.Kind) throws(JSONError) {
    self.kind = kind
    var reader = JSONReader(bytes)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "metadata") {
        try readMetadata(&reader)
      } else if reader.matches(key, "data") {
        for (key, text) in try reader.texts() {
          data[key] = kind == .secret ? Self.decoded(text) : Array(text.utf8)
        }
      } else if reader.matches(key, "type") {
        type = try reader.optionalText()
      } else if reader.matches(key, "binaryData") {
        for (key, text) in try reader.texts() { data[key] = Self.decoded(text) }
      } else {
        try reader.skip()
      }
    }
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = reader.text(try reader.string())
      } else if reader.matches(key, "namespace") {
        namespace = try reader.optionalText() ?? ""
      } else if reader.matches(key, "uid") {
        uid = reader.text(try reader.string())
      } else if reader.matches(key, "resourceVersion") {
        resourceVersion = reader.text(try reader.string())
      } else if reader.matches(key, "labels") {
        labels = try reader.texts()
      } else if reader.matches(key, "annotations") {
        annotations = try reader.texts()
      } else if reader.matches(key, "ownerReferences"), try reader.peek() == .array {
        try reader.beginArray()
        while try reader.nextElement() { if let uid = try reader.uid() { owners.insert(uid) } }
      } else if reader.matches(key, "managedFields"), try reader.peek() == .array {
        try reader.beginArray()
        while try reader.nextElement() { try readManager(&reader) }
      } else {
        try reader.skip()
      }
    }
  }

  /// Reads an element of `managedFields`, and keeps its fields if the manager is Postern.
  private mutating func readManager(_ reader: inout JSONReader) throws(JSONError) {
    var (isPosterns, isApplied, fields) = (false, false, JSONSlice?.none)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "manager") {
        isPosterns = try reader.optionalText() == ObjectLabel.manager
      } else if reader.matches(key, "operation") {
        isApplied = try reader.optionalText() == "Apply"
      } else if reader.matches(key, "fieldsV1") {
        fields = try reader.optionalValue()
      } else {
        try reader.skip()
      }
    }
    guard isPosterns else { return }
    isWritten = true
    guard let fields else { return }
    try readFields(JSONReader(fields, of: reader.bytes), isApplied: isApplied)
  }

  /// Reads a set of fields (Kubernetes docs, "Server-Side Apply", and structured-merge-diff's `fieldpath`).
  private mutating func readFields(_ fields: JSONReader, isApplied: Bool) throws(JSONError) {
    let keys = try fields.keys(at: ["f:data"], prefix: "f:")
    writtenKeys.formUnion(keys)
    let labels = try fields.keys(at: ["f:metadata", "f:labels"], prefix: "f:")
    isHeld = isHeld || labels.contains(ObjectLabel.managedBy)
    guard isApplied else { return }
    appliedKeys.formUnion(keys)
    for key in try fields.keys(at: ["f:metadata", "f:ownerReferences"], prefix: "k:") {
      var reader = JSONReader(Array(key.utf8))
      if let uid = try reader.uid() { appliedOwners.insert(uid) }
    }
  }

  /// The object without its values.
  package var withoutData: Self {
    var object = self
    object.data = [:]
    return object
  }

  /// Whether it belongs to this customer and Postern has created it or may manage it.
  package func isManaged(for customer: String) -> Bool {
    labels[ObjectLabel.managedBy] == ObjectLabel.manager
      && (labels[AnnotationKey.customerLabel] ?? customer) == customer
  }

  /// Line breaks in base64 are ignored, as in kubectl.
  fileprivate static func decoded(_ text: String) -> [UInt8]? {
    Base64.decoded(text.contains(where: \.isWhitespace) ? text.filter { !$0.isWhitespace } : text)
  }
}

extension JSONReader {
  /// The members of the next value that are strings; none where it is not an object.
  fileprivate mutating func texts() throws(JSONError) -> [String: String] {
    var texts: [String: String] = [:]
    guard try entersObject() else { return texts }
    while let key = try nextKey() {
      if try peek() == .string { texts[text(key)] = text(try string()) } else { try skip() }
    }
    return texts
  }

  /// `uid` of the next value, an object.
  fileprivate mutating func uid() throws(JSONError) -> String? {
    var uid: String?
    try beginObject()
    while let key = try nextKey() {
      if matches(key, "uid") { uid = try optionalText() } else { try skip() }
    }
    return uid
  }

  /// The keys of the object at this path that have this prefix, without it. Other keys are left out.
  fileprivate func keys(at path: [StaticString], prefix: StaticString) throws(JSONError) -> [String] {
    var reader = self
    var keys: [String] = []
    guard try reader.entersObject() else { return keys }
    while let key = try reader.nextKey() {
      if let first = path.first {
        if reader.matches(key, first) {
          let slice = try reader.value()
          keys += try JSONReader(slice, of: bytes).keys(at: Array(path.dropFirst()), prefix: prefix)
        } else {
          try reader.skip()
        }
      } else {
        if reader.starts(key, with: prefix) {
          keys.append(String(reader.text(key).dropFirst(prefix.utf8CodeUnitCount)))
        }
        try reader.skip()
      }
    }
    return keys
  }
}

extension JSONValue {
  /// The decoded contents of a manifest of a ConfigMap or Secret, including `stringData`.
  package func objectData(_ kind: DesiredObject.Kind) -> [String: [UInt8]] {
    let plain = (self[kind == .secret ? "stringData" : "data"]?.texts ?? [:]).mapValues { Array($0.utf8) }
    let encoded = (self[kind == .secret ? "data" : "binaryData"]?.texts ?? [:])
      .compactMapValues { LiveObject.decoded($0) }
    return encoded.merging(plain) { _, plain in plain }
  }
}

extension DesiredObject.Kind {
  package var resource: Resource {
    switch self {
    case .configMap: .configMaps
    case .secret: .secrets
    }
  }
}
