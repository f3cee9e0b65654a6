import JSONBytes

/// Lists as kubectl understands them: every object with `items`.
enum ManifestList {
  /// An item as an object of its own.
  struct Item {
    let index: Int
    let object: JSONValue
  }

  /// Throws where a document is not an object.
  static func check(_ document: JSONValue) throws(NoManifest) {
    guard case .object = document else {
      throw NoManifest(reason: "it is \(document.typeName), not a mapping", isOtherFile: true)
    }
    switch document["kind"] {
    case nil, .null?, .string("")?: throw NoManifest(reason: "it has no kind", isOtherFile: document["kind"] == nil)
    case .string?: break
    case let other?: throw NoManifest(reason: "its kind is \(other.typeName)", advice: "write it in quotes")
    }
    switch document["apiVersion"] {
    case nil, .null?, .string("")?:
      throw NoManifest(reason: "it has no apiVersion", isOtherFile: document["apiVersion"] == nil)
    case .string(let version)?:
      guard version.split(separator: "/", omittingEmptySubsequences: false).count <= 2 else {
        throw NoManifest(reason: "its apiVersion has two slashes", advice: "write GROUP/VERSION, such as apps/v1")
      }
      guard !version.hasPrefix("kustomize.config.k8s.io/") else {
        throw NoManifest(
          reason: "it is a kustomization",
          advice: "build it first: kubectl kustomize FOLDER, and read its output from -",
          isOtherFile: true)
      }
    case let other?: throw NoManifest(reason: "its apiVersion is \(other.typeName)", advice: "write it in quotes")
    }
    switch document["metadata"] {
    case nil, .null?, .object?: break
    case let other?: throw NoManifest(reason: "its metadata is \(other.typeName), not a mapping")
    }
  }

  /// The items of a typed list may lack `apiVersion` and `kind`, which follow from the list's kind.
  static func items(of list: JSONValue) throws(NoManifest) -> [Item] {
    guard list["items"] != .null else { return [] }
    guard let items = list["items"]?.array else {
      throw NoManifest(reason: "its items are \(list["items"]?.typeName ?? "missing"), not a list")
    }
    var objects: [Item] = []
    for (index, item) in items.enumerated() {
      guard case .object(var object) = item else {
        throw NoManifest(reason: "items[\(index)] is \(item.typeName), not a mapping")
      }
      if object["kind"]?.string ?? "" == "", object["apiVersion"]?.string ?? "" == "" {
        let kind = list["kind"]?.string ?? ""
        object["kind"] = .string(kind.hasSuffix("List") ? String(kind.dropLast("List".count)) : kind)
        object["apiVersion"] = list["apiVersion"]
        if object["kind"] == .string("") { object["kind"] = nil }
      }
      do throws(NoManifest) {
        try check(.object(object))
      } catch {
        throw NoManifest(reason: "in items[\(index)], \(error.reason)", advice: error.advice)
      }
      guard object["items"]?.array == nil else {
        throw NoManifest(
          reason: "items[\(index)] is a list itself", advice: "kubectl takes none inside another; move its items out")
      }
      objects.append(Item(index: index, object: .object(object)))
    }
    return objects
  }

  /// The places of a list's values by item, and within the item by path.
  static func places(_ places: [String: ValuePlace]) -> [Int: [String: ValuePlace]] {
    var byItem: [Int: [String: ValuePlace]] = [:]
    for (path, place) in places where path.hasPrefix("items[") {
      let rest = path.dropFirst("items[".count)
      guard let end = rest.firstIndex(of: "]"), let index = Int(rest[..<end]) else { continue }
      byItem[index, default: [:]][String(rest[end...].dropFirst(2))] = place
    }
    return byItem
  }
}
