import Contract
import JSONBytes
import KubernetesAPI

/// How many Pods a workload has. Each has a server of its own, unless something other than Postern replicates them.
struct Replicas {
  private let object: CustomerObject
  /// The value of `spec.replicas`; 1 where there is none.
  let count: Int

  init(_ object: CustomerObject) {
    self.object = object
    count = Self.integer(object.role == .workload ? object.spec.replicas : nil, of: object.bytes) ?? 1
  }

  /// `db-0.db`: the first Pod of a StatefulSet that has several, as its Service names it (Kubernetes docs, StatefulSets,
  /// "Stable Network ID").
  func chosen(isReplicated: Bool) -> String? {
    guard count > 1, !isReplicated, let name = object.ownName, !name.isEmpty, let service = object.serviceName
    else { return nil }
    return "\(name)-\(firstOrdinal).\(service)"
  }

  /// `spec.ordinals.start`.
  private var firstOrdinal: Int {
    guard let slice = object.spec.ordinals else { return 0 }
    var reader = JSONReader(slice, of: object.bytes)
    var start: Int?
    do throws(JSONError) {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "start") { start = try reader.optionalInteger() } else { try reader.skip() }
      }
    } catch { return 0 }
    return start ?? 0
  }

  /// A value that is not a number is ignored, because the API server refuses it.
  private static func integer(_ slice: JSONSlice?, of bytes: [UInt8]) -> Int? {
    guard let slice else { return nil }
    var reader = JSONReader(slice, of: bytes)
    return try? reader.integer()
  }
}
