import JSONBytes
import Linux

/// Takes a log line: its level, its message and its fields.
package typealias Log = (LogLevel, String, [(String, String)]) -> Void

/// Writes log lines. Each is exactly one line, whatever the texts contain.
package struct LogWriter {
  /// The format of a line.
  package enum Format: String, CaseIterable, Sendable {
    /// `2026-11-21T10:00:00.000Z info  created role  user=shop`
    case text
    /// `{"time":"2026-11-21T10:00:00.000Z","level":"info","message":"created role","user":"shop"}`
    case json
  }

  private let format: Format
  private let minimum: LogLevel
  private let write: (String) -> Void

  /// Writes lines of at least this level, by default to standard error.
  package init(
    format: Format = .text, minimum: LogLevel = .info,
    write: @escaping (String) -> Void = { CurrentProcess.writeError($0) }
  ) {
    self.format = format
    self.minimum = minimum
    self.write = write
  }

  /// Writes one line.
  package func log(_ level: LogLevel, _ message: String, _ fields: [(String, String)] = []) {
    guard level >= minimum else { return }
    write(Self.line(format, SystemClock.timestamp(), level, message, fields))
  }

  /// A line with its line end.
  package static func line(
    _ format: Format, _ time: String, _ level: LogLevel, _ message: String, _ fields: [(String, String)]
  ) -> String {
    var bytes: [UInt8] = []
    append(format, time, level, message, fields, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends a line with its line end. Bytes are several times faster than a `String` that grows, which matters because
  /// a line is written for every review.
  package static func append(
    _ format: Format, _ time: String, _ level: LogLevel, _ message: String, _ fields: [(String, String)],
    to bytes: inout [UInt8]
  ) {
    switch format {
    case .json:
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("time", time)
      writer.member("level", level.rawValue)
      writer.member("message", message)
      for (key, value) in fields { writer.member(key, value) }
      writer.endObject()
      bytes.append(contentsOf: writer.bytes)
    case .text:
      bytes.append(contentsOf: time.utf8)
      bytes.append(contentsOf: label(level).utf8)
      for byte in message.utf8 { bytes.append(byte < 0x20 ? 0x20 : byte) }
      if !fields.isEmpty { bytes.append(UInt8(ascii: " ")) }
      for (key, value) in fields {
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: key.utf8)
        bytes.append(UInt8(ascii: "="))
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        if needsQuotes(bytes[start...]) {
          var writer = JSONWriter()
          writer.string(value)
          bytes.replaceSubrange(start..., with: writer.bytes)
        }
      }
    }
    bytes.append(UInt8(ascii: "\n"))
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

  private static func needsQuotes(_ value: ArraySlice<UInt8>) -> Bool {
    value.isEmpty
      || value.contains { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "=") }
  }
}
