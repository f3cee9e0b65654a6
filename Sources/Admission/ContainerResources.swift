import Declarations
import JSONBytes
import KubernetesAPI

/// A container's `resources`, or a Pod's, as far as they decide about the Pod's class (Kubernetes docs, "Pod Quality of
/// Service Classes"): a Pod is Guaranteed where every container has limits of CPU and memory, and requests that are the
/// same or are left out.
struct ContainerResources {
  private static let names = ["cpu", "memory"]

  private var limits: [String: ResourceQuantity] = [:]
  private var requests: [String: ResourceQuantity] = [:]

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
    Self.names.allSatisfy { limits[$0] != nil && (requests[$0] == nil || requests[$0] == limits[$0]) }
  }

  /// Whether CPU is limited.
  var isCPULimited: Bool { limits["cpu"] != nil }

  /// The resources, CPU or memory, that are set.
  var names: Set<String> { Set(limits.keys).union(requests.keys) }

  /// Zero counts as not set.
  private static func amounts(_ reader: inout JSONReader) throws(JSONError) -> [String: ResourceQuantity] {
    guard try reader.entersObject() else { return [:] }
    var amounts: [String: ResourceQuantity] = [:]
    while let key = try reader.nextKey() {
      guard names.contains(where: { reader.text(key).utf8.elementsEqual($0.utf8) }) else {
        try reader.skip()
        continue
      }
      let isText = try reader.peek() == .string
      let text =
        isText
        ? try reader.optionalText() ?? "" : String(decoding: reader.bytes[try reader.value().range], as: UTF8.self)
      amounts[reader.text(key)] = ResourceQuantity(text).flatMap { $0.value > 0 ? $0 : nil }
    }
    return amounts
  }
}
