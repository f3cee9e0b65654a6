import Declarations

/// A text that is a reference to one variable and nothing else: `$(NAME)` as the kubelet reads it, or `$NAME`, `${NAME}` or
/// `${NAME:-fallback}` as a shell does.
struct VariableReference {
  let name: String
  private(set) var fallback: String?

  /// Nil where it is anything else.
  init?(_ text: String) {
    var rest = text[...]
    guard rest.popFirst() == "$" else { return nil }
    if rest.first == "(", rest.last == ")" {
      rest = rest.dropFirst().dropLast()
    } else if rest.first == "{", rest.last == "}" {
      rest = rest.dropFirst().dropLast()
      let end = rest.utf8.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") } ?? rest.endIndex
      let operation = rest[end...]
      if operation.hasPrefix(":-") || operation.hasPrefix(":=") {
        fallback = String(operation.dropFirst(2))
      } else if operation.hasPrefix("-") {
        fallback = String(operation.dropFirst())
      } else if !operation.isEmpty {
        return nil
      }
      rest = rest[..<end]
    }
    guard !rest.isEmpty, fallback?.contains(ascii: "$") != true,
      rest.utf8.allSatisfy({ $0.isOfName || $0 == UInt8(ascii: ".") })
    else { return nil }
    name = String(rest)
  }
}
