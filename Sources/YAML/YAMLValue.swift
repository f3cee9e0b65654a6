/// A value of a YAML document, with its aliases resolved and its scalars as they are written (YAML 1.1, 3.2: the
/// representation graph, without types). A class, because it is handed on, and copies would retain every part of it.
package final class YAMLValue: Sendable {
  /// How a scalar is written.
  package enum Style: Sendable {
    case plain, singleQuoted, doubleQuoted, literal, folded
  }

  package struct Member: Sendable {
    package let key: YAMLValue
    package let value: YAMLValue

    package init(key: YAMLValue, value: YAMLValue) {
      self.key = key
      self.value = value
    }
  }

  package enum Content: Sendable {
    case scalar(String, Style)
    case sequence([YAMLValue])
    /// In the order of the text. A key may occur more than once.
    case mapping([Member])
  }

  package let content: Content
  /// The tag that is written, in full, such as `tag:yaml.org,2002:str`; nil where there is none.
  package let tag: String?
  /// Where the value begins. An alias has the place of what it stands for.
  package let mark: YAMLMark

  package init(_ content: Content, tag: String? = nil, mark: YAMLMark = YAMLMark(line: 1, column: 1)) {
    self.content = content
    self.tag = tag
    self.mark = mark
  }

  /// A scalar's text.
  package var text: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  /// A sequence's elements.
  package var elements: [YAMLValue]? {
    if case .sequence(let elements) = content { elements } else { nil }
  }

  /// A mapping's members.
  package var members: [Member]? {
    if case .mapping(let members) = content { members } else { nil }
  }

  /// Whether it is one of the words for nothing, without quotes.
  package var isNull: Bool {
    if case .scalar(let text, .plain) = content { ["", "~", "null", "Null", "NULL"].contains(text) } else { false }
  }

  /// The value of a mapping's last member with this key.
  package subscript(key: String) -> YAMLValue? {
    members?.last { $0.key.text.map { $0.utf8.elementsEqual(key.utf8) } == true }?.value
  }
}
