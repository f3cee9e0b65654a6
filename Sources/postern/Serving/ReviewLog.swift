import Admission
import KubernetesAPI
import Linux
import LogLine
import NIOCore
import NIOPosix
import Synchronization
import TextEncoding

/// Writes one log line for each review. There are many, so lines are made without dictionaries, after the answer was sent,
/// and the lines of all reviews of one turn of the event loop are written together.
final class ReviewLog: Sendable {
  /// A pipe may mix longer writes with those of other threads (PIPE_BUF, pipe(7)).
  private static let longestWrite = 4096

  private struct Entry {
    let record: ReviewRecord
    let path: AdmissionPath
    /// The time, since 1970-01-01T00:00:00Z.
    let milliseconds: Int64
  }

  private let format: LogWriter.Format
  private let isWanted: Bool
  private let output: @Sendable ([UInt8]) -> Void
  private let pending = Mutex<[Entry]>([])

  /// - Parameter isWanted: whether lines of level info are written.
  init(
    format: LogWriter.Format, isWanted: Bool, output: @escaping @Sendable ([UInt8]) -> Void = CurrentProcess.writeError
  ) {
    self.format = format
    self.isWanted = isWanted
    self.output = output
  }

  /// Writes the line of a review. On an event loop it is written after the loop has answered all that it has read, and
  /// elsewhere at once.
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

  /// Writes the pending lines, as many at once as a pipe keeps together.
  private func flush() {
    let entries = pending.withLock { entries in
      defer { entries = [] }
      return entries
    }
    var lines = LogLines(format, capacity: 512)
    for entry in entries {
      let end = lines.bytes.count
      append(entry, to: &lines)
      if end > 0, lines.bytes.count > Self.longestWrite { output(lines.takeFirst(end)) }
    }
    if !lines.bytes.isEmpty { output(lines.bytes) }
  }

  private func append(_ entry: Entry, to lines: inout LogLines) {
    let record = entry.record
    lines.begin(SystemClock.timestamp(entry.milliseconds), .info, "review")
    lines.field("path", entry.path.rawValue)
    lines.field("uid", record.uid.cut(to: AdmissionReview.maximumNameBytes))
    lines.field("kind", record.kind.cut(to: AdmissionReview.maximumNameBytes))
    lines.field("operation", record.operation)
    lines.field("namespace", record.namespace.cut(to: AdmissionReview.maximumNameBytes))
    lines.field("name", record.name.cut(to: AdmissionReview.maximumNameBytes))
    lines.field("decision", record.decision.rawValue)
    lines.field("causes", String(record.causes))
    lines.end()
  }
}
