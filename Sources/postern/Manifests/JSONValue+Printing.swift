import JSONBytes
import YAML

extension JSONValue {
  /// A YAML document in block style, with members in their order. The same value always gives the same bytes.
  func yaml() throws(CommandError) -> String {
    do throws(YAMLError) {
      return try YAMLWriter.text(yamlValue)
    } catch {
      throw .refused("cannot be written as YAML: \(error.problem)")
    }
  }

  private var yamlValue: YAMLValue {
    switch self {
    case .null: YAMLValue(.scalar("null", .plain))
    case .bool(let value): YAMLValue(.scalar(value ? "true" : "false", .plain))
    case .number(let spelling): YAMLValue(.scalar(spelling, .plain))
    case .string(let text): YAMLValue(.scalar(text, Self.style(of: text)))
    case .array(let elements): YAMLValue(.sequence(elements.map(\.yamlValue)))
    case .object(let object):
      YAMLValue(
        .mapping(
          object.members.map { member in
            YAMLValue.Member(
              key: YAMLValue(.scalar(member.key, Self.style(of: member.key))), value: member.value.yamlValue)
          }))
    }
  }

  /// Text of several lines is a literal block. A word that every YAML reader takes for text is plain. All else is quoted.
  private static func style(of text: String) -> YAMLValue.Style {
    if text.contains("\n") { return .literal }
    let isWord =
      text.utf8.first.map(isLetter) == true
      && text.utf8.allSatisfy { isLetter($0) || "0123456789-_./".utf8.contains($0) }
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    return isWord && !reserved.contains(text.lowercased()) ? .plain : .doubleQuoted
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
}
