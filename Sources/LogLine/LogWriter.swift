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
    switch format {
    case .json:
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("time", time)
      writer.member("level", level.rawValue)
      writer.member("message", message)
      for (key, value) in fields { writer.member(key, value) }
      writer.endObject()
      return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    case .text:
      // Appended piece by piece for speed, because a line is written for every review.
      var line = time
      line.reserveCapacity(256)
      line += " "
      line += label(level)
      line += " "
      line += oneLine(message)
      if !fields.isEmpty { line += " " }
      for (key, value) in fields {
        line += " "
        line += key
        line += "="
        line += needsQuotes(value) ? quoted(value) : value
      }
      line += "\n"
      return line
    }
  }

  /// The level's name, padded to five characters.
  private static func label(_ level: LogLevel) -> String {
    switch level {
    case .debug: "debug"
    case .info: "info "
    case .warning: "warn "
    case .error: "error"
    }
  }

  private static func needsQuotes(_ value: String) -> Bool {
    value.utf8.isEmpty
      || value.utf8.contains { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "=") }
  }

  private static func quoted(_ value: String) -> String {
    var writer = JSONWriter()
    writer.string(value)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func oneLine(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
    return String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
  }
}
