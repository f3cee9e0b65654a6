import JSONBytes
import KubernetesAPI

/// A container's `resources`, as far as they decide about the Pod's class (Kubernetes docs, "Pod Quality of Service
/// Classes"): a Pod is Guaranteed where every container has limits of CPU and memory, and requests that are the same or
/// are left out.
struct ContainerResources {
  private var limits: [String: String] = [:]
  private var requests: [String: String] = [:]

  init() {}

  init(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.entersObject() else { return }
    while let key = try reader.nextKey() {
      if reader.matches(key, "limits") {
        limits = try Self.amounts(&reader)
      } else if reader.matches(key, "requests") {
        requests = try Self.amounts(&reader)
      } else {
        try reader.skip()
      }
    }
  }

  /// Whether a Pod of such containers is Guaranteed.
  var isGuaranteed: Bool {
    ["cpu", "memory"].allSatisfy { limits[$0] != nil && (requests[$0] == nil || requests[$0] == limits[$0]) }
  }

  private static func amounts(_ reader: inout JSONReader) throws(JSONError) -> [String: String] {
    guard try reader.entersObject() else { return [:] }
    var amounts: [String: String] = [:]
    while let key = try reader.nextKey() {
      if reader.matches(key, "cpu") || reader.matches(key, "memory") {
        amounts[reader.text(key)] = String(decoding: reader.bytes[try reader.value().range], as: UTF8.self)
      } else {
        try reader.skip()
      }
    }
    return amounts
  }
}
