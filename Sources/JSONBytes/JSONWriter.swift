internal import CVector

/// Writes compact JSON (RFC 8259) in the order of the calls. It adds the commas itself.
package struct JSONWriter: Sendable {
  /// What has been written.
  package private(set) var bytes: [UInt8]
  private var needsComma = false

  /// An empty document with room for `capacity` bytes.
  package init(capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// `{`
  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// `}`
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  /// `[`
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// `]`
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// A member's key; its value must follow.
  package mutating func key(_ text: String) {
    separate()
    quoted(text, isKey: true)
    needsComma = false
  }

  /// A string, escaped where RFC 8259 §7 asks for it and nowhere else.
  package mutating func string(_ text: String) {
    separate()
    quoted(text, isKey: false)
  }

  /// A string that a function writes, of characters that need no escapes.
  package mutating func string(_ write: (inout [UInt8]) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    write(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func quoted(_ text: String, isKey: Bool) {
    unsafe text.utf8Span.span.withUnsafeBufferPointer { text in
      guard let start = text.baseAddress else {
        bytes.append(contentsOf: isKey ? [0x22, 0x22, 0x3A] : [0x22, 0x22])
        return
      }
      var isPlain = false
      bytes.append(addingCapacity: text.count + 3) { output in
        unsafe output.withUnsafeMutableBufferPointer { room, count in
          guard let place = room.baseAddress else { return }
          unsafe place[count] = UInt8(ascii: "\"")
          isPlain = unsafe postern_copy_plain(start, text.count, place + count + 1)
          guard isPlain else { return }
          count += text.count + 2
          unsafe place[count - 1] = UInt8(ascii: "\"")
          guard isKey else { return }
          unsafe place[count] = UInt8(ascii: ":")
          count += 1
        }
      }
      guard !isPlain else { return }
      bytes.append(UInt8(ascii: "\""))
      unsafe appendEscaping(text)
      bytes.append(UInt8(ascii: "\""))
      if isKey { bytes.append(UInt8(ascii: ":")) }
    }
  }

  /// A whole number.
  package mutating func integer(_ value: Int) {
    separate()
    bytes.append(contentsOf: String(value).utf8)
  }

  /// `true` or `false`
  package mutating func bool(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// `null`
  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// A complete value that is already JSON.
  package mutating func raw(_ json: [UInt8]) {
    separate()
    bytes.append(contentsOf: json)
  }

  /// A constant part of a document, exactly as given, with its own commas. A value, a first member, a first element or
  /// another part must follow.
  package mutating func part(_ json: StaticString) {
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount))
    needsComma = false
  }

  /// A part that was written before; what must follow is as above.
  package mutating func part(_ json: [UInt8]) {
    bytes.append(contentsOf: json)
    needsComma = false
  }

  /// A part that a function writes; what must follow is as above.
  package mutating func part(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    needsComma = false
  }

  /// Takes away what was written first.
  package mutating func takeFirst(_ count: Int) -> [UInt8] {
    defer { bytes.removeFirst(count) }
    return Array(bytes[..<count])
  }

  /// Writes a part, or a whole value, that is used often.
  package static func part(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    write(&writer)
    return writer.bytes
  }

  /// A member whose value is a string.
  package mutating func member(_ key: String, _ value: String) {
    self.key(key)
    string(value)
  }

  /// A member whose value is a whole number.
  package mutating func member(_ key: String, _ value: Int) {
    self.key(key)
    integer(value)
  }

  /// A member whose value is true or false.
  package mutating func member(_ key: String, _ value: Bool) {
    self.key(key)
    bool(value)
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ byte: UInt8) {
    separate()
    bytes.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = true
  }

  /// Writes the runs between what must be escaped as they are.
  private mutating func appendEscaping(_ text: UnsafeBufferPointer<UInt8>) {
    var start = 0
    for index in text.indices {
      let byte = unsafe text[index]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
      unsafe bytes.append(contentsOf: text[start..<index])
      escape(byte)
      start = index + 1
    }
    unsafe bytes.append(contentsOf: text[start...])
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0..<0x20:
      let digits = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    default: bytes.append(byte)
    }
  }
}
