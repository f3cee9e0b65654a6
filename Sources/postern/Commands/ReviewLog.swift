import Admission
import Linux
import NIOCore
import NIOPosix
import PostgresProvisioner
import Synchronization

/// The log line of a review: one for each, so it is written without a detour over dictionaries, behind the answer, and
/// together with those of the reviews that were answered in the same turn of the event loop.
final class ReviewLog: Sendable {
  /// Longer writes to a pipe may have another thread's in their midst (PIPE_BUF, pipe(7)).
  private static let longestWrite = 4096

  private let format: LogWriter.Format
  private let isWanted: Bool
  private let output: @Sendable (String) -> Void
  private let pending = Mutex("")

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
    guard let line = line(record, at: path) else { return }
    var full = ""
    let isFirst = pending.withLock { lines in
      if lines.utf8.count + line.utf8.count > Self.longestWrite { swap(&full, &lines) }
      defer { lines += line }
      return lines.isEmpty && full.isEmpty
    }
    if !full.isEmpty { output(full) }
    guard isFirst else { return }
    if let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop {
      eventLoop.execute { self.flush() }
    } else {
      flush()
    }
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

  private func flush() {
    let lines = pending.withLock { lines in
      defer { lines = "" }
      return lines
    }
    if !lines.isEmpty { output(lines) }
  }
}
