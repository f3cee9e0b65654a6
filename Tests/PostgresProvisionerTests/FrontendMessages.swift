/// Splits what a client sends to Postgres into messages (PostgreSQL docs §53.7: a type and a length; the first message
/// has no type).
struct FrontendMessages {
  struct Message {
    var bytes: [UInt8]
    /// The SQL that the server runs when it has received this message, if that SQL changes something.
    var change: String?
  }

  private var buffer: [UInt8] = []
  private var isStarted = false
  /// The statements that were parsed and that the Sync at the end of a batch runs.
  private var batch: [String] = []

  /// The messages that these bytes complete.
  mutating func take(_ bytes: [UInt8]) -> [Message] {
    buffer += bytes
    var messages: [Message] = []
    while let message = next() { messages.append(message) }
    return messages
  }

  private mutating func next() -> Message? {
    let header = isStarted ? 1 : 0
    guard buffer.count >= header + 4 else { return nil }
    let length = header + buffer[header..<header + 4].reduce(0) { $0 << 8 | Int($1) }
    guard buffer.count >= length else { return nil }
    let bytes = Array(buffer[..<length])
    buffer.removeFirst(length)
    guard isStarted else {
      isStarted = true
      return Message(bytes: bytes)
    }
    return Message(bytes: bytes, change: change(bytes))
  }

  private mutating func change(_ bytes: [UInt8]) -> String? {
    let texts = bytes.dropFirst(5).split(separator: 0, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    switch bytes.first {
    case UInt8(ascii: "Q"):
      return texts.first.flatMap { Self.isChange($0) ? $0 : nil }
    case UInt8(ascii: "P"):
      if texts.count > 1, Self.isChange(texts[1]) { batch.append(texts[1]) }
      return nil
    case UInt8(ascii: "S"):
      defer { batch = [] }
      return batch.last
    default: return nil
    }
  }

  private static func isChange(_ sql: String) -> Bool {
    if ["SELECT postern.", "SELECT pg_terminate_backend"].contains(where: { sql.hasPrefix($0) }) { return true }
    return !["SELECT", "WITH", "SET", "RESET", "BEGIN"].contains { sql.hasPrefix($0) }
  }
}
