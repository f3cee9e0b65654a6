import Admission
import Linux
import PostgresProvisioner

/// The log line of a review: one for each, so it is written without a detour over dictionaries.
struct ReviewLog {
  let format: LogWriter.Format

  func write(_ record: ReviewRecord, at path: AdmissionPath) {
    CurrentProcess.writeError(
      LogWriter.line(
        format, SystemClock.timestamp(), .info, "review",
        [
          ("path", path.rawValue), ("uid", record.uid), ("kind", record.kind), ("operation", record.operation),
          ("namespace", record.namespace), ("name", record.name), ("decision", record.decision.rawValue),
          ("causes", String(record.causes)),
        ]))
  }
}
