import JSONBytes

/// Log lines, one behind the other, field by field. Bytes are several times faster than a `String` that grows, which matters
/// because a line is written for every review.
package struct LogLines {
  private let format: LogWriter.Format
  private var writer: JSONWriter
  private var hasFields = false

  /// No lines, with room for `capacity` bytes.
  package init(_ format: LogWriter.Format, capacity: Int = 256) {
    self.format = format
    writer = JSONWriter(capacity: capacity)
  }

  /// The lines with their line ends.
  package var bytes: [UInt8] { writer.bytes }

  /// Takes the first bytes away.
  package mutating func takeFirst(_ count: Int) -> [UInt8] { writer.takeFirst(count) }

  /// Begins a line. Its fields and its end must follow.
  package mutating func begin(_ time: String, _ level: LogLevel, _ message: String) {
    hasFields = false
    switch format {
    case .json:
      writer.beginObject()
      writer.member("time", time)
      writer.member("level", level.rawValue)
      writer.member("message", message)
    case .text:
      writer.part { bytes in
        bytes.append(contentsOf: time.utf8)
        bytes.append(contentsOf: Self.label(level).utf8)
        for byte in message.utf8 { bytes.append(byte < 0x20 ? 0x20 : byte) }
      }
    }
  }

  /// A field of the line that was begun.
  package mutating func field(_ key: String, _ value: String) {
    switch format {
    case .json: writer.member(key, value)
    case .text:
      var isPlain = true
      writer.part { isPlain = Self.append(key, value, isFirst: !hasFields, to: &$0) }
      if !isPlain { writer.string(value) }
      hasFields = true
    }
  }

  /// Ends the line that was begun.
  package mutating func end() {
    if format == .json { writer.endObject() }
    writer.part("\n")
  }

  /// The level's name, padded to five characters, between spaces.
  private static func label(_ level: LogLevel) -> String {
    switch level {
    case .debug: " debug "
    case .info: " info  "
    case .warning: " warn  "
    case .error: " error "
    }
  }

  /// Appends a field in one step.
  /// - Returns: whether its value can be told from what follows without quotes. Where not, it is left out.
  private static func append(_ key: String, _ value: String, isFirst: Bool, to bytes: inout [UInt8]) -> Bool {
    let (key, value) = (key.utf8Span.span, value.utf8Span.span)
    var isPlain = !value.isEmpty
    bytes.append(addingCapacity: key.count + value.count + 3) { output in
      if isFirst { output.append(UInt8(ascii: " ")) }
      output.append(UInt8(ascii: " "))
      for index in key.indices { output.append(key[index]) }
      output.append(UInt8(ascii: "="))
      for index in value.indices {
        let byte = value[index]
        if byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "=") { isPlain = false }
        output.append(byte)
      }
      if !isPlain { output.removeLast(value.count) }
    }
    return isPlain
  }
}
