/// The place of a whole JSON value in its document: a range of bytes that the reader has checked.
package struct JSONSlice: Equatable, Sendable {
  /// Byte offsets from the start of the document.
  package let range: Range<Int>
  /// The kind of the value.
  package let kind: JSONKind

  init(range: Range<Int>, kind: JSONKind) {
    self.range = range
    self.kind = kind
  }
}

/// The place of a JSON string in its document, without its quotes.
public struct JSONString: Equatable, Sendable {
  /// Byte offsets of the text between the quotes, still escaped.
  public let range: Range<Int>
  /// Whether the range holds a `\`, so that its bytes are not its text.
  public let hasEscapes: Bool

  init(range: Range<Int>, hasEscapes: Bool) {
    self.range = range
    self.hasEscapes = hasEscapes
  }
}
