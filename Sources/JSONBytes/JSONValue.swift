/// A JSON document as a tree, where speed does not matter: manifests, golden objects, patches that are applied. Reading
/// and writing lose nothing: members keep their order, and numbers their spelling.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// The number as it was spelled, so that 64-bit integers and decimals stay exact.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// An object with these members, in this order; those without a value are left out.
  package static func members(_ pairs: [(String, JSONValue?)]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in pairs { object[key] = value }
    return .object(object)
  }

  /// A whole number.
  package static func integer(_ number: Int) -> JSONValue { .number(String(number)) }

  /// Reads a whole document.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes)
    self = try Self(from: &reader)
    try reader.end()
  }

  /// Reads the reader's next value.
  package init(from reader: inout JSONReader) throws(JSONError) {
    switch try reader.peek() {
    case .null:
      _ = try reader.null()
      self = .null
    case .bool: self = .bool(try reader.bool())
    case .string: self = .string(reader.text(try reader.string()))
    case .number: self = .number(String(decoding: reader.bytes[try reader.value().range], as: UTF8.self))
    case .array:
      var elements: [JSONValue] = []
      try reader.beginArray()
      while try reader.nextElement() { elements.append(try Self(from: &reader)) }
      self = .array(elements)
    case .object:
      var object = JSONObject()
      try reader.beginObject()
      while let key = try reader.nextKey() { object[reader.text(key)] = try Self(from: &reader) }
      self = .object(object)
    }
  }

  /// Writes the value at the writer's position.
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .number(let spelling): writer.raw(Array(spelling.utf8))
    case .string(let text): writer.string(text)
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    case .object(let object):
      writer.beginObject()
      for member in object.members {
        writer.key(member.key)
        member.value.write(to: &writer)
      }
      writer.endObject()
    }
  }

  /// The whole document, compact.
  package var bytes: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// A member of an object; nil where the value is not an object or has no such member.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The text, if the value is a string.
  package var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The number, if the value is a whole one that an Int holds.
  package var integer: Int? {
    guard case .number(let spelling) = self else { return nil }
    return Int(spelling)
  }

  /// The members of an object that are strings; none where the value is not an object.
  package var texts: [String: String] {
    guard case .object(let object) = self else { return [:] }
    var texts: [String: String] = [:]
    for member in object.members {
      if let text = member.value.string { texts[member.key] = text }
    }
    return texts
  }

  /// The elements, if the value is an array.
  package var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }
}
