import JSONBytes
import KubernetesAPI

/// An object's age, its controller, and whether it has ended.
struct ObjectLife: Equatable {
  /// `metadata.creationTimestamp`. As text, it sorts by time.
  private(set) var created = ""
  /// The controller that made and manages the object; nil where there is none.
  private(set) var owner: ObservedPod.Owner?
  /// `status.phase` of a Pod.
  private(set) var phase = ""

  /// Whether it is a Pod that has ended for good.
  var isOver: Bool { phase == "Succeeded" || phase == "Failed" }

  /// Reads these fields of an object. All others are skipped, however deep they are.
  init(_ bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "metadata"), try reader.peek() == .object {
        try readMetadata(&reader)
      } else if reader.matches(key, "status"), try reader.peek() == .object {
        try reader.beginObject()
        while let key = try reader.nextKey() {
          if reader.matches(key, "phase") { phase = try reader.optionalText() ?? "" } else { try reader.skip() }
        }
      } else {
        try reader.skip()
      }
    }
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "creationTimestamp") {
        created = try reader.optionalText() ?? ""
      } else if reader.matches(key, "ownerReferences"), try reader.peek() == .array {
        try reader.beginArray()
        while try reader.nextElement() {
          let controller = try ObservedPod.Owner(&reader)
          owner = owner ?? controller
        }
      } else {
        try reader.skip()
      }
    }
  }
}
