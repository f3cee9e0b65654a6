/// Why bytes are not JSON (RFC 8259), or not the JSON that was asked for.
package struct JSONError: Error, Equatable, Sendable {
  /// What was wrong.
  package enum Reason: Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8)
    case expected(JSONKind)
    case invalidUTF8
    case invalidEscape
    case controlCharacterInString
    case invalidNumber
    case numberOutOfRange
    case tooDeep(limit: Int)
    case tooManyElements(limit: Int)
    case trailingBytes
  }

  /// What was wrong.
  package let reason: Reason
  /// Where, in bytes from the start of the document.
  package let offset: Int

  /// An error at a byte offset from the start of the document.
  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// One line for people, such as `byte 17: a string was expected`.
  package var message: String {
    let what =
      switch reason {
      case .unexpectedEnd: "the document ends too early"
      case .unexpectedByte(let byte): "unexpected \(Self.name(byte))"
      case .expected(let kind): "expected \(kind.article)"
      case .invalidUTF8: "not valid UTF-8"
      case .invalidEscape: "not a valid escape sequence"
      case .controlCharacterInString: "a control character in a string must be escaped"
      case .invalidNumber: "not a valid number"
      case .numberOutOfRange: "a number out of range"
      case .tooDeep(let limit): "nested deeper than \(limit) levels"
      case .tooManyElements(let limit): "more than \(limit) elements"
      case .trailingBytes: "text after the end of the document"
      }
    return "byte \(offset): \(what)"
  }

  private static func name(_ byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7F ? "\"\(Character(UnicodeScalar(byte)))\"" : "byte \(byte)"
  }
}

/// The six kinds of JSON value (RFC 8259 §3), `true` and `false` as one.
package enum JSONKind: Equatable, Sendable {
  case object, array, string, number, bool, null

  /// The kind with its article, for messages.
  package var article: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "a string"
    case .number: "a number"
    case .bool: "true or false"
    case .null: "null"
    }
  }
}
