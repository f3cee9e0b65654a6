import Declarations
import JSONBytes
import KubernetesAPI

/// A container's `resources`, or a Pod's, as far as they decide about the Pod's class (Kubernetes docs, "Pod Quality of
/// Service Classes"): a Pod is Guaranteed where every container has limits of CPU and memory, and requests that are the
/// same or are left out.
struct ContainerResources {
  /// Amounts as they were written; nil: not set.
  private struct Amounts {
    var cpu: String?
    var memory: String?
  }

  /// Whether a Pod of such containers is Guaranteed.
  private(set) var isGuaranteed = false
  /// Whether CPU is limited.
  private(set) var isCPULimited = false
  /// Whether CPU and memory are set, as a limit or a request.
  private var (hasCPU, hasMemory) = (false, false)

  init() {}

  init(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.entersObject() else { return }
    var (limits, requests) = (Amounts(), Amounts())
    while let key = try reader.nextKey() {
      if reader.matches(key, "limits") {
        limits = try Self.amounts(&reader)
      } else if reader.matches(key, "requests") {
        requests = try Self.amounts(&reader)
      } else {
        try reader.skip()
      }
    }
    isCPULimited = limits.cpu != nil
    hasCPU = isCPULimited || requests.cpu != nil
    hasMemory = limits.memory != nil || requests.memory != nil
    if let cpu = limits.cpu, let memory = limits.memory {
      isGuaranteed = Self.isSame(requests.cpu ?? cpu, cpu) && Self.isSame(requests.memory ?? memory, memory)
    }
  }

  /// `1` is `1000m`.
  private static func isSame(_ left: String, _ right: String) -> Bool {
    left == right || ResourceQuantity(left).map { $0 == ResourceQuantity(right) } ?? false
  }

  /// The resources, CPU or memory, that are set.
  var names: Set<String> { Set((hasCPU ? ["cpu"] : []) + (hasMemory ? ["memory"] : [])) }

  /// Zero counts as not set.
  private static func amounts(_ reader: inout JSONReader) throws(JSONError) -> Amounts {
    var amounts = Amounts()
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

  private static func amount(_ reader: inout JSONReader) throws(JSONError) -> String? {
    let isText = try reader.peek() == .string
    let text =
      isText
      ? try reader.optionalText() ?? "" : String(decoding: reader.bytes[try reader.value().range], as: UTF8.self)
    // Most amounts begin with a digit that shows that they are not zero.
    if let first = text.utf8.first, (0x31...0x39).contains(first) { return text }
    return ResourceQuantity(text).flatMap { $0.value > 0 ? text : nil }
  }
}
