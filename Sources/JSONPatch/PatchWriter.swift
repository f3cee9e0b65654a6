package import JSONBytes

/// Writes a JSON Patch (RFC 6902) operation by operation. The caller writes each value as JSON; no differences are
/// computed.
package struct PatchWriter: Sendable {
  private var writer = JSONWriter(capacity: 2048)
  /// Whether no operation has been written.
  package private(set) var isEmpty = true

  /// A patch without operations.
  package init() {
    writer.beginArray()
  }

  /// `add` (RFC 6902 §4.1): sets a member, which is replaced if it exists, or inserts an element.
  package mutating func add(_ pointer: JSONPointer, _ value: (inout JSONWriter) -> Void) {
    begin(#""op":"add","path":"#, pointer)
    writer.part(#","value":"#)
    value(&writer)
    writer.endObject()
  }

  /// `replace` (RFC 6902 §4.3): replaces the value, which must exist.
  package mutating func replace(_ pointer: JSONPointer, _ value: (inout JSONWriter) -> Void) {
    begin(#""op":"replace","path":"#, pointer)
    writer.part(#","value":"#)
    value(&writer)
    writer.endObject()
  }

  /// `remove` (RFC 6902 §4.2): removes the value, which must exist.
  package mutating func remove(_ pointer: JSONPointer) {
    begin(#""op":"remove","path":"#, pointer)
    writer.endObject()
  }

  /// The whole patch.
  package consuming func finished() -> [UInt8] {
    writer.endArray()
    return writer.bytes
  }

  private mutating func begin(_ operation: StaticString, _ pointer: JSONPointer) {
    isEmpty = false
    writer.beginObject()
    writer.part(operation)
    writer.string(pointer.text)
  }
}
