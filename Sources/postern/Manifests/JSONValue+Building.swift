import JSONBytes

extension JSONValue {
  /// The whole document, indented.
  var prettyText: String { text(indent: "") }

  private func text(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .array(let elements) where !elements.isEmpty:
      return "[\n" + elements.map { inner + $0.text(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let object) where !object.members.isEmpty:
      let members = object.members.map {
        "\(inner)\(String(decoding: JSONValue.string($0.key).bytes, as: UTF8.self)): \($0.value.text(indent: inner))"
      }
      return "{\n" + members.joined(separator: ",\n") + "\n\(indent)}"
    default: return String(decoding: bytes, as: UTF8.self)
    }
  }
}
