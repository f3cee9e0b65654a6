import JSONBytes
import KubernetesAPI

/// Since when an object is there, of whom, and whether it is over.
struct ObjectLife: Equatable {
  /// `metadata.creationTimestamp`, which sorts as text.
  private(set) var created = ""
  /// What made it, and sees to it; nil where nothing did.
  private(set) var owner: ObservedPod.Owner?
  /// `status.phase` of a Pod.
  private(set) var phase = ""

  /// Whether it is a Pod that runs no more, and never will.
  var isOver: Bool { phase == "Succeeded" || phase == "Failed" }

  /// Reads these of an object; all else is skipped, however deep it is.
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
