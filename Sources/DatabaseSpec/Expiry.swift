/// Until when a user's password is valid.
package enum Expiry: Hashable, Sendable {
  /// For ever. It must be declared explicitly, and removes the expiry that a role had before.
  case infinity
  case time(Timestamp)

  /// Reads `infinity`, or a time as in RFC 3339; nil for anything else.
  package init?(_ text: String) {
    if text.utf8.elementsEqual("infinity".utf8) {
      self = .infinity
    } else if let time = Timestamp(rfc3339: text) {
      self = .time(time)
    } else {
      return nil
    }
  }

  /// Whether it ends before another one does.
  package func isBefore(_ other: Self) -> Bool {
    switch (self, other) {
    case (.time(let end), .time(let later)): end.microseconds < later.microseconds
    case (.time, .infinity): true
    case (.infinity, _): false
    }
  }

  /// The text for VALID UNTIL: `infinity`, or the time in UTC.
  package var text: String {
    switch self {
    case .infinity: "infinity"
    case .time(let time): time.rfc3339
    }
  }
}
