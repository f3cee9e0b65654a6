internal import CLibPQ

/// Warnings of the server's: what it reports of the severity WARNING, and no notices.
package struct ServerWarnings: Equatable, Sendable {
  /// One warning.
  package struct Warning: Equatable, Sendable {
    /// The SQLSTATE.
    package var sqlState: String
    /// The message, of which a long one is cut.
    package var message: String
  }

  /// How many are kept: a function may raise as many as it likes.
  package static let limit = 20

  /// The first of them.
  package private(set) var first: [Warning] = []
  /// How many there were besides.
  package private(set) var furtherCount = 0

  /// No warnings.
  init() {}

  /// Adds a message that the server has sent beside its answers, where it is a warning. libpq keeps the message.
  mutating func take(_ notice: OpaquePointer) {
    guard unsafe PostgresError.field("V", of: notice)?.utf8.elementsEqual("WARNING".utf8) == true else { return }
    guard first.count < Self.limit else { return furtherCount += 1 }
    unsafe first.append(
      Warning(
        sqlState: PostgresError.field("C", of: notice) ?? "", message: PostgresError.field("M", of: notice) ?? ""))
  }
}
