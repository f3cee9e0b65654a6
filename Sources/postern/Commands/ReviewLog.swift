import Admission
import Linux
import NIOCore
import NIOPosix
import PostgresProvisioner
import Synchronization

/// The log line of a review: one for each, so it is written without a detour over dictionaries, made behind the answer,
/// and written together with those of the reviews that were answered in the same turn of the event loop.
final class ReviewLog: Sendable {
  /// Longer writes to a pipe may have another thread's in their midst (PIPE_BUF, pipe(7)).
  private static let longestWrite = 4096

  private struct Entry {
    let record: ReviewRecord
    let path: AdmissionPath
    /// Since 1970-01-01T00:00:00Z.
    let milliseconds: Int64
  }

  private let format: LogWriter.Format
  private let isWanted: Bool
  private let output: @Sendable (String) -> Void
  private let pending = Mutex<[Entry]>([])

  /// - Parameter isWanted: whether lines of level info are.
  init(
    format: LogWriter.Format, isWanted: Bool, output: @escaping @Sendable (String) -> Void = CurrentProcess.writeError
  ) {
    self.format = format
    self.isWanted = isWanted
    self.output = output
  }

  /// Writes the line of a review when the event loop that it is called on has answered all that it has read; anywhere
  /// else, at once.
  func write(_ record: ReviewRecord, at path: AdmissionPath) {
    guard isWanted else { return }
    let entry = Entry(record: record, path: path, milliseconds: SystemClock.wallMilliseconds)
    let isFirst = pending.withLock { entries in
      entries.append(entry)
      return entries.count == 1
    }
    guard isFirst else { return }
    if let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop {
      eventLoop.execute { self.flush() }
    } else {
      flush()
    }
  }

  /// As many lines at once as a pipe keeps together.
  private func flush() {
    let entries = pending.withLock { entries in
      defer { entries = [] }
      return entries
    }
    var lines = ""
    for entry in entries {
      let line = line(entry)
      if !lines.isEmpty, lines.utf8.count + line.utf8.count > Self.longestWrite {
        output(lines)
        lines = ""
      }
      lines += line
    }
    if !lines.isEmpty { output(lines) }
  }

  private func line(_ entry: Entry) -> String {
    let record = entry.record
    return LogWriter.line(
      format, SystemClock.timestamp(entry.milliseconds), .info, "review",
      [
        ("path", entry.path.rawValue), ("uid", record.uid), ("kind", record.kind), ("operation", record.operation),
        ("namespace", record.namespace), ("name", record.name), ("decision", record.decision.rawValue),
        ("causes", String(record.causes)),
      ])
  }
}
