import Foundation
import JSONBytes
import Logging

/// Log lines as the sidecar writes them: `time level msg key=value`, or JSON objects, to standard error.
struct LineLogHandler: LogHandler {
  enum Format: String, CaseIterable {
    case text, json
  }

  let format: Format
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]

  init(format: Format) {
    self.format = format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = Date.now.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    let fields = metadata.merging(event.metadata ?? [:]) { _, own in own }.sorted { $0.key < $1.key }
    let line =
      switch format {
      case .text: Self.text(time: time, event: event, fields: fields.map { ($0.key, "\($0.value)") })
      case .json: Self.json(time: time, event: event, fields: fields.map { ($0.key, "\($0.value)") })
      }
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  private static func text(time: String, event: LogEvent, fields: [(String, String)]) -> String {
    let level = event.level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
    return ([time, level, "\(event.message)"] + fields.map { "\($0)=\(quoted($1))" }).joined(separator: " ")
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
    guard !isPlain else { return value }
    var writer = JSONWriter()
    writer.string(value)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func json(time: String, event: LogEvent, fields: [(String, String)]) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("time", time)
    writer.member("level", event.level.rawValue)
    writer.member("msg", "\(event.message)")
    for (key, value) in fields { writer.member(key, value) }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
