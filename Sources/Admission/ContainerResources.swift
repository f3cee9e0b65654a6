import Declarations
import JSONBytes
import KubernetesAPI

/// A container's `resources`, or a Pod's, as far as they decide about the Pod's class (Kubernetes docs, "Pod Quality of
/// Service Classes"): a Pod is Guaranteed where every container has limits of CPU and memory, and requests that are the
/// same or are left out.
struct ContainerResources {
  private var limits = ResourceAmounts()
  private var requests = ResourceAmounts()

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
    guard let cpu = limits.cpu, let memory = limits.memory else { return false }
    return (requests.cpu ?? cpu) == cpu && (requests.memory ?? memory) == memory
  }

  /// Whether CPU is limited.
  var isCPULimited: Bool { limits.cpu != nil }

  /// The resources, CPU or memory, that are set.
  var names: Set<String> {
    var names: Set<String> = []
    if limits.cpu != nil || requests.cpu != nil { names.insert("cpu") }
    if limits.memory != nil || requests.memory != nil { names.insert("memory") }
    return names
  }

  /// Zero counts as not set.
  private static func amounts(_ reader: inout JSONReader) throws(JSONError) -> ResourceAmounts {
    var amounts = ResourceAmounts()
    guard try reader.entersObject() else { return amounts }
    while let key = try reader.nextKey() {
      if reader.matches(key, "cpu") {
        amounts.cpu = try amount(&reader)
      } else if reader.matches(key, "memory") {
        amounts.memory = try amount(&reader)
      } else {
        try reader.skip()
      }
    }
    return amounts
  }

  private static func amount(_ reader: inout JSONReader) throws(JSONError) -> ResourceQuantity? {
    let isText = try reader.peek() == .string
    let text =
      isText
      ? try reader.optionalText() ?? "" : String(decoding: reader.bytes[try reader.value().range], as: UTF8.self)
    return ResourceQuantity(text).flatMap { $0.value > 0 ? $0 : nil }
  }
}
