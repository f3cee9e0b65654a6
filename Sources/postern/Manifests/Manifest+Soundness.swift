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
      faults.append(faultOfText(value, at: KeyPath.text(path)))
      mended.object = mended.object.replacing(path[...], by: value.asText)
    }
    for (path, shape) in mended.shapes {
      guard let value = mended.object.value(at: path[...]) else { continue }
      var replacements: [(path: [KeyPath.Step], value: JSONValue)] = []
      shape.check(value, at: path) { path, shape, value, expected, advice in
        faults.append(fault(of: value, at: KeyPath.text(path), expected: expected, advice: advice))
        replacements.append((path, shape.nothing))
      }
      for (path, value) in replacements { mended.object = mended.object.replacing(path[...], by: value) }
    }
    return (mended, faults)
  }

  /// The parts whose shapes are known.
  private var shapes: [(path: [KeyPath.Step], shape: ManifestShape)] {
    let pods = PodTemplates.paths(in: object)
    let isWorkload = pods.contains { !$0.isEmpty }
    return pods.map { ($0 + [.key("spec")], .pod) } + (isWorkload ? [([.key("spec")], .workload)] : [])
  }

  /// As the API server reads it: null in labels and annotations, which a template writes where a value is missing, is an empty text.
  var withTextsForNull: Manifest {
    var read = self
    let maps = metadataFields([]) + PodTemplates.paths(in: object).filter { !$0.isEmpty }.flatMap(metadataFields)
    for path in maps where object.value(at: path[...]) == .null {
      read.object = read.object.replacing(path[...], by: .string(""))
    }
    return read
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

  private func fault(of value: JSONValue, at field: String, expected: String, advice: String) -> FieldFault {
    let place = places[field].map { "line \($0.line), column \($0.column): " } ?? ""
    return FieldFault(
      field: field, message: "\(place)\(value.typeName), where Kubernetes takes \(expected); \(advice)")
  }

  private func faultOfText(_ value: JSONValue, at field: String) -> FieldFault {
    let advice =
      switch value {
      case .array, .object: "write | behind the key, and what is text below it"
      case .bool: "write it in quotes (y, n, yes, no, on and off are no text either)"
      default: "write it in quotes"
      }
    return fault(of: value, at: field, expected: "text", advice: advice)
  }

  // MARK: Fields that hold text

  /// The fields that Kubernetes accepts only as text, and that people often write as another type.
  private var textFields: [[KeyPath.Step]] {
    var fields = metadataFields([])
    fields += ["name", "generateName", "namespace"].map { [.key("metadata"), .key($0)] }
    for path in PodTemplates.paths(in: object) {
      if !path.isEmpty { fields += metadataFields(path) }
      fields += podFields(path + [.key("spec")])
    }
    switch kind {
    case "Secret": fields += members(of: [.key("data")]) + members(of: [.key("stringData")])
    case "ConfigMap": fields += members(of: [.key("data")]) + members(of: [.key("binaryData")])
    default: break
    }
    return fields
  }

  private func metadataFields(_ path: [KeyPath.Step]) -> [[KeyPath.Step]] {
    ["labels", "annotations"].flatMap { members(of: path + [.key("metadata"), .key($0)]) }
  }

  private func members(of path: [KeyPath.Step]) -> [[KeyPath.Step]] {
    guard case .object(let object)? = object.value(at: path[...]) else { return [] }
    return object.members.map { path + [.key($0.key)] }
  }

  /// The members of a Pod's `spec`, and of what is below it, that are text wherever they are.
  private static let texts: Set = [
    "name", "image", "value", "key", "mountPath", "subPath", "subPathExpr", "secretName", "claimName", "prefix", "path",
    "fieldPath", "workingDir", "serviceAccountName", "restartPolicy", "dnsPolicy", "hostname", "subdomain",
  ]
  /// The lists of text.
  private static let listsOfText: Set = ["command", "args"]
  private static let maximumDepth = 16

  private func podFields(_ path: [KeyPath.Step]) -> [[KeyPath.Step]] {
    var fields: [[KeyPath.Step]] = []
    let deepest = path.count + Self.maximumDepth
    func look(_ value: JSONValue, _ path: [KeyPath.Step]) {
      guard path.count < deepest else { return }
      switch value {
      case .object(let object):
        for member in object.members {
          let place = path + [.key(member.key)]
          if Self.texts.contains(member.key) {
            fields.append(place)
          } else if Self.listsOfText.contains(member.key) {
            fields += (member.value.array ?? []).indices.map { place + [.index($0)] }
          } else {
            look(member.value, place)
          }
        }
      case .array(let elements):
        for (index, element) in elements.enumerated() { look(element, path + [.index(index)]) }
      case .null, .bool, .number, .string: break
      }
    }
    if let spec = object.value(at: path[...]) { look(spec, path) }
    return fields
  }
}

extension JSONValue {
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
