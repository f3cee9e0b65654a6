import Admission
import Linux
import PostgresProvisioner

/// The log line of a review: one for each, so it is written without a detour over dictionaries.
struct ReviewLog {
  let format: LogWriter.Format
  /// Whether lines of level info are.
  let isWanted: Bool

  func write(_ record: ReviewRecord, at path: AdmissionPath) {
    if let line = line(record, at: path) { CurrentProcess.writeError(line) }
  }

  /// The line, with its end; nil where none is wanted.
  func line(_ record: ReviewRecord, at path: AdmissionPath) -> String? {
    guard isWanted else { return nil }
    return LogWriter.line(
      format, SystemClock.timestamp(), .info, "review",
      [
        ("path", path.rawValue), ("uid", record.uid), ("kind", record.kind), ("operation", record.operation),
        ("namespace", record.namespace), ("name", record.name), ("decision", record.decision.rawValue),
        ("causes", String(record.causes)),
      ])
  }
}
