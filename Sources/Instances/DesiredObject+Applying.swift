import Contract
package import JSONBytes
import TextEncoding

extension DesiredObject {
  /// Whether nothing must be written. Additions of others are left alone.
  package func isSatisfied(by live: LiveObject) -> Bool {
    let owners = Set([owner?.uid].compactMap(\.self))
    return live.isManaged(for: customer) && live.labels[AnnotationKey.customerLabel] != nil && live.isHeld
      && annotations.allSatisfy { live.annotations[$0] == $1 }
      && live.appliedOwners == owners && owners.isSubset(of: live.owners)
      && data.allSatisfy { isSeeded($0, in: live) || live.data[$0].map { Array($0) } == Array($1.utf8) }
      && removal(from: live) == nil
  }

  /// Keys that Postern once wrote and that must no longer exist.
  func staleKeys(in live: LiveObject) -> [String] {
    // A restore may forget who has written what. By such a name is then a login that is none any more.
    let isUnknown = !live.isHeld && type == SecretKey.userType && live.type == SecretKey.userType
    return live.data.keys.filter { key in
      data[key] == nil && (live.writtenKeys.contains(key) || isUnknown && SecretKey.isPosterns(key))
    }.sorted()
  }

  /// Annotations that say what Postern has made and no longer hold. Whoever else wrote them, an apply leaves them.
  private func staleAnnotations(in live: LiveObject) -> [String] {
    [AnnotationKey.madeService].filter { live.annotations[$0] != nil && annotations[$0] == nil }
  }

  /// The object to create: without an owner, because only an applied owner can be removed again by an apply.
  package var creation: JSONValue {
    var object = self
    object.owner = nil
    return object.manifest
  }

  /// The object to apply. If the object exists, it contains the version that was read, so that a write of somebody else
  /// since then is never lost. A seed belongs to whoever wrote it last. If that was an apply by Postern, the seed must
  /// be included, because the apply would otherwise remove it.
  package func application(over live: LiveObject?) -> JSONValue {
    guard let live else { return manifest }
    var object = self
    object.type = nil
    for key in seeds where isSeeded(key, in: live) {
      object.data[key] =
        live.appliedKeys.contains(key) ? live.data[key].map { String(decoding: $0, as: UTF8.self) } : nil
    }
    guard case .object(var root) = object.manifest, case .object(var metadata)? = root["metadata"] else {
      return object.manifest
    }
    metadata["resourceVersion"] = .string(live.resourceVersion)
    root["metadata"] = .object(metadata)
    return .object(root)
  }

  /// A merge patch that removes keys which an apply does not remove, because they were written when the object was
  /// created, or are somebody else's as well, as after a restore that has forgotten who wrote them, and annotations that
  /// somebody else wrote; nil where there are none.
  /// - Parameter former: the object before the apply, which still says which keys were Postern's.
  package func removal(from live: LiveObject, former: LiveObject? = nil) -> JSONValue? {
    let keys = staleKeys(in: former ?? live).filter { live.data[$0] != nil }
    let annotations = staleAnnotations(in: live)
    guard !keys.isEmpty || !annotations.isEmpty else { return nil }
    func nulls(_ keys: [String]) -> JSONValue? { keys.isEmpty ? nil : .members(keys.map { ($0, .null) }) }
    return .members([
      (
        "metadata",
        .members([("resourceVersion", .string(live.resourceVersion)), ("annotations", nulls(annotations))])
      ),
      ("data", nulls(keys)),
    ])
  }

  private func isSeeded(_ key: String, in live: LiveObject) -> Bool {
    seeds.contains(key) && live.data[key] != nil
  }

  private var manifest: JSONValue { manifest(base64: { Base64.encoded(Array($0.utf8)) }) }
}
