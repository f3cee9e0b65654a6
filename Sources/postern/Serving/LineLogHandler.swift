import Linux
import LogLine
import Logging

/// Log lines as the sidecar writes them: `time level msg key=value`, or JSON objects, to standard error.
struct LineLogHandler: LogHandler {
  let format: LogWriter.Format
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(format: LogWriter.Format, logLevel: Logger.Level = .info) {
    self.format = format
    self.logLevel = logLevel
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { _, own in own }.sorted { $0.key < $1.key }
    CurrentProcess.writeError(
      LogWriter.line(
        format, SystemClock.timestamp(), LogLevel(event.level), "\(event.message)",
        fields.map { ($0.key, "\($0.value)") }))
  }
}

extension LogLevel {
  /// The level nearest to one of swift-log's.
  init(_ level: Logger.Level) {
    self =
      switch level {
      case .trace, .debug: .debug
      case .info, .notice: .info
      case .warning: .warning
      case .error, .critical: .error
      }
  }
}
