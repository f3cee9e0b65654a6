import JSONBytes

/// Reads a file that kubectl takes as JSON because it begins with `{`: one value after another. If that fails, kubectl
/// takes the rest as YAML.
struct JSONConversion {
  private let bytes: [UInt8]
  private var reader: JSONReader
  private var path: [KeyPath.Step] = []
  private var number = 0
  private var places: [String: ValuePlace] = [:]
  /// The end of the last value.
  private var end = 0
  /// Whether the rest is not JSON at all; otherwise it is JSON with an error.
  private(set) var isOver = false
  /// The offset and the place that were asked for last. The next one is nearly always behind it, so that a long line is
  /// counted once.
  private var last = (offset: 0, place: ValuePlace(line: 1, column: 1))

  init(_ text: String) {
    let bytes = Array(text.utf8)
    self.bytes = bytes
    reader = JSONReader(bytes)
  }

  /// Whether kubectl reads the text as JSON.
  static func isJSON(_ text: String) -> Bool {
    text.unicodeScalars.first { !$0.properties.isWhitespace } == "{"
  }

  /// The next value; nil after the last.
  mutating func next() throws(ManifestFault) -> (document: ConvertedDocument, number: Int)? {
    let start = skippingSpace(from: reader.position)
    guard start < bytes.endIndex else { return nil }
    number += 1
    (path, places) = ([], [:])
    let line = place(of: start).line
    let value = try value()
    end = reader.position
    return (ConvertedDocument(value: value, line: line, places: places, hasMore: false), number)
  }

  /// The text after the last value, and the line on which it begins.
  var rest: (text: String, line: Int) {
    (String(decoding: bytes[end...], as: UTF8.self), bytes[..<end].count { $0 == UInt8(ascii: "\n") } + 1)
  }

  private mutating func value() throws(ManifestFault) -> JSONValue {
    switch try read({ reader throws(JSONError) in try reader.peek() }) {
    case .null:
      _ = try read { reader throws(JSONError) in try reader.null() }
      return .null
    case .bool: return .bool(try read { reader throws(JSONError) in try reader.bool() })
    case .string: return .string(try read { reader throws(JSONError) in reader.text(try reader.string()) })
    case .number:
      let slice = try read { reader throws(JSONError) in try reader.value() }
      guard let number = NumberSpelling.json(String(decoding: bytes[slice.range], as: UTF8.self)) else {
        throw fault("a number that is too large", at: slice.range.lowerBound)
      }
      return .number(number)
    case .array: return .array(try array())
    case .object: return .object(try object())
    }
  }

  private mutating func array() throws(ManifestFault) -> [JSONValue] {
    var elements: [JSONValue] = []
    try read { reader throws(JSONError) in try reader.beginArray() }
    while try read({ reader throws(JSONError) in try reader.nextElement() }) {
      path.append(.index(elements.count))
      elements.append(try element())
      path.removeLast()
    }
    return elements
  }

  private mutating func object() throws(ManifestFault) -> JSONObject {
    var object = JSONObject()
    try read { reader throws(JSONError) in try reader.beginObject() }
    while let key = try read({ reader throws(JSONError) in try reader.nextKey() }) {
      let name = reader.text(key)
      guard object[name] == nil else {
        throw fault(ManifestFault.repeatedKey(name), at: key.range.lowerBound - 1)
      }
      path.append(.key(name))
      object[name] = try element()
      path.removeLast()
    }
    return object
  }

  /// Reads a member or an element, at ``path``.
  private mutating func element() throws(ManifestFault) -> JSONValue {
    let kind = try read { reader throws(JSONError) in try reader.peek() }
    // Asked for behind what is in the value, it would be counted from the file's beginning each time.
    if kind != .string { places[KeyPath.text(path)] = place(of: reader.position) }
    return try value()
  }

  private mutating func read<Result>(
    _ step: (inout JSONReader) throws(JSONError) -> Result
  ) throws(ManifestFault) -> Result {
    do throws(JSONError) {
      return try step(&reader)
    } catch {
      isOver = error.reason != .unexpectedEnd
      throw fault(Self.problem(error.reason), at: error.offset)
    }
  }

  private func skippingSpace(from start: Int) -> Int {
    bytes[start...].firstIndex { !" \t\r\n".utf8.contains($0) } ?? bytes.endIndex
  }

  private mutating func place(of offset: Int) -> ValuePlace {
    let offset = min(offset, bytes.count)
    if offset < last.offset { last = (0, ValuePlace(line: 1, column: 1)) }
    var place = last.place
    for byte in bytes[last.offset..<offset] {
      if byte == UInt8(ascii: "\n") {
        place = ValuePlace(line: place.line + 1, column: 1)
      } else if byte & 0xC0 != 0x80 {
        // The other bytes of a scalar do not count.
        place.column += 1
      }
    }
    last = (offset, place)
    return place
  }

  private mutating func fault(_ problem: String, at offset: Int) -> ManifestFault {
    let place = place(of: offset)
    return ManifestFault(
      problem: problem, line: place.line, column: place.column, document: number, path: path)
  }

  /// The error, without the byte that caused it.
  private static func problem(_ reason: JSONError.Reason) -> String {
    switch reason {
    case .unexpectedEnd: "it ends too early; a bracket, a brace or a quote is missing"
    case .unexpectedByte, .trailingBytes:
      "no JSON may stand here; a file that begins with { is JSON to kubectl: quote every key and every text"
    case .expected(let kind): "\(kind.article) is expected here; a file that begins with { is JSON to kubectl"
    case .invalidUTF8: "it is not UTF-8"
    case .invalidEscape: "not an escape sequence of JSON"
    case .controlCharacterInString: "a control character in a text must be escaped: a tab as \\t, a new line as \\n"
    case .invalidNumber: "not a number of JSON"
    case .numberOutOfRange: "a number that is too large"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .tooManyElements(let limit): "more than \(limit) elements"
    }
  }
}
