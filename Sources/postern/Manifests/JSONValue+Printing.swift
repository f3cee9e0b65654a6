import JSONBytes
import Yams

extension JSONValue {
  /// A YAML document in block style, with members in their order. The same value always gives the same bytes.
  func yaml() throws(CommandError) -> String {
    do {
      return try Yams.serialize(node: node, width: -1, allowUnicode: true)
    } catch {
      throw .refused("cannot be written as YAML: \(error)")
    }
  }

  private var node: Node {
    switch self {
    case .null: Node("null")
    case .bool(let value): Node(value ? "true" : "false")
    case .number(let spelling): Node(spelling)
    case .string(let text): Node(text, Tag(.str), Self.style(of: text))
    case .array(let elements): .sequence(.init(elements.map(\.node), Tag(.implicit), elements.isEmpty ? .flow : .block))
    case .object(let object):
      .mapping(
        .init(
          object.members.map { (Node($0.key, Tag(.str), Self.style(of: $0.key)), $0.value.node) }, Tag(.implicit),
          object.members.isEmpty ? .flow : .block))
    }
  }

  /// Text of several lines is a literal block. A word that every YAML reader takes for text is plain. All else is quoted.
  private static func style(of text: String) -> Node.Scalar.Style {
    if text.contains("\n") { return .literal }
    let isWord =
      text.utf8.first.map(isLetter) == true
      && text.utf8.allSatisfy { isLetter($0) || "0123456789-_./".utf8.contains($0) }
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    return isWord && !reserved.contains(text.lowercased()) ? .plain : .doubleQuoted
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
}
