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
    var lines = LogLines(format)
    lines.begin(time, level, message)
    for (key, value) in fields { lines.field(key, value) }
    lines.end()
    return String(decoding: lines.bytes, as: UTF8.self)
  }
}
