import DatabaseSpec

/// What may be declared in what could not be read. Nothing is said of a reference to it: it follows from an error that is told
/// already.
struct Doubts: Equatable, Sendable {
  /// How many entries have no name that can be read.
  private(set) var entries = 0
  /// Whether nothing of it was looked at.
  private(set) var isAnyName = false
  /// The words of what could not be read.
  private var words: Set<String> = []

  /// An entry that could be read but for its name, and all the texts that may be meant for it.
  mutating func addEntry(mayBe texts: [String]) {
    entries += 1
    add(texts)
  }

  /// Entries that were not looked at.
  mutating func addUnread() {
    entries += 1
    isAnyName = true
  }

  /// A part that is no YAML: whatever it declares stands in it.
  mutating func addText(_ text: some StringProtocol) {
    entries += 1
    words.formUnion(Self.words(of: text))
  }

  /// Names that may be meant by something else that could not be read.
  mutating func add(_ texts: [String]) {
    for text in texts { words.formUnion(Self.words(of: text)) }
  }

  /// Whether what could not be read holds all words of this name.
  func cover(_ name: PostgresName) -> Bool {
    guard !words.isEmpty else { return false }
    return Self.words(of: name.text).allSatisfy { words.contains($0) }
  }

  private static func words(of text: some StringProtocol) -> [String] {
    text.split(whereSeparator: { $0.isWhitespace || ",:[]{}\"'#&*!|>%@`?".contains($0) }).map { String($0) }
  }
}

extension Doubts: CustomStringConvertible {
  /// Not the words: one may be a password.
  var description: String { "\(entries) entries" }
}

extension YAMLNode {
  /// The scalars that it is, or holds at once.
  var texts: [String] {
    switch content {
    case .scalar(let text, _): [text]
    case .sequence(let elements):
      elements.compactMap { if case .scalar(let text, _) = $0.content { text } else { nil } }
    case .mapping(let members):
      members.flatMap { member in
        if case .scalar(let text, _) = member.value.content { [member.key, text] } else { [member.key] }
      }
    case .null: []
    }
  }
}
