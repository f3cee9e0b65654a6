/// A password. It appears as `[redacted]` wherever it is printed, dumped or interpolated. Its text is available only
/// through ``unredacted``.
package struct Password: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// The text itself: never empty, without NUL. Only for code that derives a verifier or writes a Secret.
  package let unredacted: String

  /// Checks that Postgres accepts the text. Postgres turns an empty password into NULL, and ends a text at a NUL.
  package init(_ text: String) throws(PasswordError) {
    guard !text.utf8.isEmpty else { throw .empty }
    guard !text.utf8.contains(0) else { throw .containsNUL }
    unredacted = text
  }

  /// Reads the value of a Secret's key: UTF-8, of which only one trailing newline is dropped.
  package init(secretValue bytes: some Collection<UInt8>) throws(PasswordError) {
    var bytes = Array(bytes)
    if bytes.last == 0x0A { bytes.removeLast() }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.elementsEqual(bytes) else { throw .notUTF8 }
    try self.init(text)
  }

  /// `[redacted]`
  package var description: String { "[redacted]" }
  /// `[redacted]`
  package var debugDescription: String { "[redacted]" }

  /// Whether both have the same bytes.
  package static func == (left: Self, right: Self) -> Bool {
    left.unredacted.utf8.elementsEqual(right.unredacted.utf8)
  }
}

#if !hasFeature(Embedded)
  extension Password: CustomReflectable {
    /// Has no members, so that no dump shows the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
  }
#endif

/// Why a text cannot be a password in Postgres.
package enum PasswordError: Error, Equatable, Sendable {
  case empty
  case containsNUL
  case notUTF8

  /// One clause for people.
  package var message: String {
    switch self {
    case .empty: "is empty"
    case .containsNUL: "holds a NUL byte"
    case .notUTF8: "is not UTF-8"
    }
  }
}
