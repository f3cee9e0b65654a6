import DatabaseSpec

/// Names that may be declared in what could not be read. A reference to such a name is not reported, because it follows
/// from an error that is already reported.
struct Doubts: Equatable, Sendable {
  /// The number of entries whose name cannot be read.
  private(set) var entries = 0
  /// Whether a part was not read at all, so that it may contain any name.
  private(set) var isAnyName = false
  /// The words in what could not be read.
  private var words: Set<String> = []

  /// Adds an entry of which only the name could not be read, with all texts that may be meant as its name.
  mutating func addEntry(mayBe texts: [String]) {
    entries += 1
    add(texts)
  }

  /// Adds entries that were not read.
  mutating func addUnread() {
    entries += 1
    isAnyName = true
  }

  /// Adds a part that is not YAML. Every name that it declares is among its words.
  mutating func addText(_ text: some StringProtocol) {
    entries += 1
    words.formUnion(Self.words(of: text))
  }

  /// Adds names that may be meant by something else that could not be read.
  mutating func add(_ texts: [String]) {
    for text in texts { words.formUnion(Self.words(of: text)) }
  }

  /// Whether what could not be read contains all words of this name.
  func cover(_ name: PostgresName) -> Bool {
    guard !words.isEmpty else { return false }
    return Self.words(of: name.text).allSatisfy { words.contains($0) }
  }

  private static func words(of text: some StringProtocol) -> [String] {
    let signs = ",:[]{}\"'#&*!|>%@`?".unicodeScalars
    return Substring(text).unicodeScalars.split { $0.isWhiteSpace || signs.contains($0) }.map { String($0) }
  }
}

extension Doubts: CustomStringConvertible {
  /// Does not show the words, because one may be a password.
  var description: String { "\(entries) entries" }
}

extension YAMLNode {
  /// The scalars that the node is or directly contains.
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
