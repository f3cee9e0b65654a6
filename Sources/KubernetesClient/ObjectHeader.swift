package import JSONBytes

/// Which object it is, and in which state: all that is read of one whose contents are nobody's affair.
package struct ObjectHeader: Equatable, Sendable {
  /// `metadata.namespace`; empty for objects that are in none.
  package var namespace = ""
  /// `metadata.name`
  package var name = ""
  /// `metadata.uid`
  package var uid = ""
  /// `metadata.resourceVersion`
  package var resourceVersion = ""

  /// Reads an object up to the last of these members. What stands before them is skipped, however deep it is; what stands
  /// behind them, as `managedFields` does, is not looked at.
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
