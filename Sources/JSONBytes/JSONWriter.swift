/// Writes JSON (RFC 8259), compact, in the order of the calls; commas are its own affair.
public struct JSONWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8]
  private var needsComma = false

  /// An empty document with room for `capacity` bytes.
  public init(capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// `{`
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// `}`
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// `[`
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// `]`
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// A member's key; its value must follow.
  public mutating func key(_ text: String) {
    string(text)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A string, escaped where RFC 8259 §7 asks for it and nowhere else.
  public mutating func string(_ text: String) {
    separate()
    let span = text.utf8Span.span
    guard JSONScanner.plainEnd(span, from: 0) == span.count else { return escaped(text) }
    bytes.append(addingCapacity: span.count + 2) { output in
      output.append(UInt8(ascii: "\""))
      for index in span.indices { output.append(span[index]) }
      output.append(UInt8(ascii: "\""))
    }
  }

  private mutating func escaped(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 { escape(byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A whole number.
  public mutating func integer(_ value: Int) {
    separate()
    bytes.append(contentsOf: String(value).utf8)
  }

  /// `true` or `false`
  public mutating func bool(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// `null`
  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// A whole value that is JSON already.
  public mutating func raw(_ json: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  /// A member whose value is a string.
  public mutating func member(_ key: String, _ value: String) {
    self.key(key)
    string(value)
  }

  /// A member whose value is a whole number.
  public mutating func member(_ key: String, _ value: Int) {
    self.key(key)
    integer(value)
  }

  /// A member whose value is true or false.
  public mutating func member(_ key: String, _ value: Bool) {
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

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
    case 0x0D: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
    case 0x09: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
    case 0..<0x20:
      let digits = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    default: bytes.append(byte)
    }
  }
}
