import JSONBytes

/// Errors for which the API server refuses a manifest before it calls a webhook.
extension Manifest {
  /// The kinds whose declarations or contents Postern reads, with their apiVersion.
  private static let versions = [
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "Pod": "v1", "Secret": "v1", "ConfigMap": "v1",
  ]
  /// Kubernetes' own API groups, present and past, in which people look for these kinds.
  private static let ownGroups = ["", "apps", "batch", "core", "extensions"]

  /// The manifest as it was probably meant, and its errors. With it, the rest can be checked as well.
  var mended: (manifest: Manifest, faults: [FieldFault]) {
    var mended = self
    var faults: [FieldFault] = []
    mended.mendKind(&faults)
    for path in mended.textFields {
      guard let value = mended.object.value(at: path[...]), value.string == nil, value != .null else { continue }
      faults.append(fault(of: value, at: KeyPath.text(path)))
      mended.object = mended.object.replacing(path[...], by: value.asText)
    }
    return (mended, faults)
  }

  private mutating func mendKind(_ faults: inout [FieldFault]) {
    let wanted = Self.versions.keys.first { $0.lowercased() == kind.lowercased() }
    guard let wanted, let version = Self.versions[wanted], Self.ownGroups.contains(group),
      case .object(var root) = object
    else { return }
    if wanted != kind {
      faults.append(
        FieldFault(field: "kind", message: "there is no kind \"\(KeyPath.shown(kind))\"; write \(wanted)"))
      root["kind"] = .string(wanted)
    }
    if apiVersion != version {
      faults.append(
        FieldFault(
          field: "apiVersion",
          message: "there is no \(wanted) in \"\(KeyPath.shown(apiVersion))\"; write apiVersion: \(version)"))
      root["apiVersion"] = .string(version)
    }
    object = .object(root)
  }

  private func fault(of value: JSONValue, at field: String) -> FieldFault {
    let place = places[field].map { "line \($0.line), column \($0.column): " } ?? ""
    let advice =
      switch value {
      case .array, .object: "write | behind the key, and what is text below it"
      case .bool: "write it in quotes (y, n, yes, no, on and off are no text either)"
      default: "write it in quotes"
      }
    return FieldFault(field: field, message: "\(place)\(value.typeName), where Kubernetes takes text; \(advice)")
  }

  // MARK: Fields that hold text

  /// The fields that Kubernetes accepts only as text, and that people often write as another type.
  private var textFields: [[KeyPath.Step]] {
    var fields = metadataFields(["metadata"]) + metadataFields(["spec", "template", "metadata"])
    fields += ["name", "generateName", "namespace"].map { [.key("metadata"), .key($0)] }
    switch kind {
    case "Secret": fields += members(of: ["data"]) + members(of: ["stringData"])
    case "ConfigMap": fields += members(of: ["data"]) + members(of: ["binaryData"])
    case "Pod": fields += containerFields(["spec"])
    default: fields += containerFields(["spec", "template", "spec"])
    }
    return fields
  }

  private func metadataFields(_ path: [String]) -> [[KeyPath.Step]] {
    members(of: path + ["labels"]) + members(of: path + ["annotations"])
  }

  private func members(of path: [String]) -> [[KeyPath.Step]] {
    guard case .object(let object)? = path.reduce(Optional(object), { $0?[$1] }) else { return [] }
    return object.members.map { path.map(KeyPath.Step.key) + [.key($0.key)] }
  }

  private func containerFields(_ path: [String]) -> [[KeyPath.Step]] {
    var fields: [[KeyPath.Step]] = []
    for list in ["containers", "initContainers"] {
      let containers = path.reduce(Optional(object), { $0?[$1] })?[list]?.array ?? []
      for (index, container) in containers.enumerated() {
        let place = path.map(KeyPath.Step.key) + [.key(list), .index(index)]
        for variable in (container["env"]?.array ?? []).indices {
          fields.append(place + [.key("env"), .index(variable), .key("value")])
        }
        for words in ["command", "args"] {
          fields += (container[words]?.array ?? []).indices.map { place + [.key(words), .index($0)] }
        }
      }
    }
    return fields
  }
}

extension JSONValue {
  /// The value at a path; nil where there is no such value.
  fileprivate func value(at path: ArraySlice<KeyPath.Step>) -> JSONValue? {
    switch (path.first, self) {
    case (nil, _): self
    case (.key(let key)?, .object(let object)): object[key]?.value(at: path.dropFirst())
    case (.index(let index)?, .array(let elements)) where elements.indices.contains(index):
      elements[index].value(at: path.dropFirst())
    default: nil
    }
  }

  /// The object with the value at a path changed; unchanged where there is no such value.
  fileprivate func replacing(_ path: ArraySlice<KeyPath.Step>, by value: JSONValue) -> JSONValue {
    switch (path.first, self) {
    case (nil, _): return value
    case (.key(let key)?, .object(var object)):
      object[key] = object[key]?.replacing(path.dropFirst(), by: value)
      return .object(object)
    case (.index(let index)?, .array(var elements)) where elements.indices.contains(index):
      elements[index] = elements[index].replacing(path.dropFirst(), by: value)
      return .array(elements)
    default: return self
    }
  }

  /// The text that the value would be in quotes, or after a `|`.
  fileprivate var asText: JSONValue {
    switch self {
    case .string, .null: self
    case .bool(let value): .string(value ? "true" : "false")
    case .number(let spelling): .string(spelling)
    case .array, .object: .string(String(decoding: bytes, as: UTF8.self))
    }
  }
}
