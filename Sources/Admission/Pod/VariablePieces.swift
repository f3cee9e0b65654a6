/// A text cut at its `$(NAME)`, as the kubelet expands it (Kubernetes docs, "Define Dependent Environment Variables").
/// `$$` stands for `$`. However the text looks, cutting takes time in proportion to its length.
package struct VariablePieces: Sequence, IteratorProtocol {
  /// A part of the text.
  package enum Piece: Equatable, Sendable {
    /// Stands for itself.
    case text(Substring)
    /// The name of a variable.
    case variable(String)
  }

  private var rest: Substring
  /// Behind this, `$(` begins no variable. Without it, each `$(` would be searched to the end of the text.
  private let lastParenthesis: String.Index?

  package init(_ text: String) {
    rest = text[...]
    lastParenthesis = text.utf8.lastIndex(of: UInt8(ascii: ")"))
  }

  /// Whether nothing is left.
  package var isAtEnd: Bool { rest.isEmpty }

  package mutating func next() -> Piece? {
    guard !rest.isEmpty else { return nil }
    let dollar = rest.utf8.firstIndex(of: UInt8(ascii: "$")) ?? rest.endIndex
    guard dollar == rest.startIndex else { return .text(take(upTo: dollar)) }
    let sign = take(upTo: rest.utf8.index(after: dollar))
    if rest.utf8.first == UInt8(ascii: "$") {
      _ = take(upTo: rest.utf8.index(after: rest.startIndex))
    } else if rest.utf8.first == UInt8(ascii: "("), let lastParenthesis, rest.startIndex < lastParenthesis,
      let end = rest.utf8.firstIndex(of: UInt8(ascii: ")"))
    {
      let name = take(upTo: end).dropFirst()
      _ = take(upTo: rest.utf8.index(after: end))
      return .variable(String(name))
    }
    return .text(sign)
  }

  private mutating func take(upTo end: String.Index) -> Substring {
    defer { rest = rest[end...] }
    return rest[..<end]
  }
}
