package import JSONBytes

/// An object's identity and version: all that is read of an object whose contents do not matter.
package struct ObjectHeader: Equatable, Sendable {
  /// `metadata.namespace`; empty for objects that are in none.
  package var namespace = ""
  /// `metadata.name`
  package var name = ""
  /// `metadata.uid`
  package var uid = ""
  /// `metadata.resourceVersion`
  package var resourceVersion = ""

  /// Reads an object up to the last of these members. Values before it are skipped, however deep they are. What follows
  /// it, such as `managedFields`, is not read.
  package init(_ bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard reader.matches(key, "metadata") else {
        try reader.skip()
        continue
      }
      try read(&reader)
      return
    }
  }

  private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    var missing = 4
    try reader.beginObject()
    while missing > 0, let key = try reader.nextKey() {
      missing -= 1
      if reader.matches(key, "name") {
        name = reader.text(try reader.string())
      } else if reader.matches(key, "namespace") {
        namespace = reader.text(try reader.string())
      } else if reader.matches(key, "uid") {
        uid = reader.text(try reader.string())
      } else if reader.matches(key, "resourceVersion") {
        resourceVersion = reader.text(try reader.string())
      } else {
        missing += 1
        try reader.skip()
      }
    }
  }
}
