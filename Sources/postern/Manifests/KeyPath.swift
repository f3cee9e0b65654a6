/// The place of a value in a document: `metadata.labels[postern.io/customer]`.
enum KeyPath {
  enum Step: Equatable {
    case key(String)
    case index(Int)
  }

  static func text(_ steps: [Step]) -> String {
    steps.reduce(into: "") { text, step in
      switch step {
      case .index(let index): text += "[\(index)]"
      case .key(let key) where isWord(key): text += text.isEmpty ? key : ".\(key)"
      case .key(let key): text += "[\(shown(key))]"
      }
    }
  }

  /// A key in the form in which a message may show it. If it contains characters that Kubernetes' keys do not have, it
  /// may be a value that became a key by mistake, and is not shown.
  static func shown(_ key: String) -> String {
    !key.isEmpty && key.utf8.count <= 253 && key.utf8.allSatisfy { isLetterOrDigit($0) || "-_./<".utf8.contains($0) }
      ? key : "…"
  }

  private static func isWord(_ key: String) -> Bool {
    !key.isEmpty && key.utf8.count <= 253 && key.utf8.allSatisfy { isLetterOrDigit($0) || "-_<".utf8.contains($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// The keys above a line of block YAML, found by indentation, for a document that is not YAML as a whole.
  static func above(line: Int, in text: String) -> [Step] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(line)
    guard let last = lines.lastIndex(where: { !isBlank($0) }) else { return [] }
    var steps: [Step] = []
    // An element may have the same indentation as its list's key, and so may the elements next to it.
    var isElement = isListElement(lines[last])
    var limit = indentation(lines[last]) + (isElement ? 1 : 0)
    for line in lines[..<last].reversed() where !isBlank(line) && indentation(line) < limit {
      let isNeighbour = isElement && isListElement(line) && indentation(line) == limit - 1
      guard !isNeighbour else { continue }
      var rest = line.dropFirst(indentation(line))
      while rest.hasPrefix("- ") { rest = rest.dropFirst(2).drop { $0 == " " } }
      let keyIndentation = line.count - rest.count
      let isAbove = keyIndentation < limit
      isElement = isListElement(line)
      limit = indentation(line) + (isElement ? 1 : 0)
      guard isAbove, let colon = rest.firstIndex(of: ":") else { continue }
      let value = rest[rest.index(after: colon)...].drop { $0 == " " }
      // Lines in a block scalar are not keys.
      if value.hasPrefix("|") || value.hasPrefix(">") { steps = [] }
      guard value.isEmpty || "|>#&!".contains(value[value.startIndex]) else { continue }
      steps.append(.key(rest[..<colon].filter { $0 != "\"" && $0 != "'" }))
    }
    return steps.reversed()
  }

  private static func isListElement(_ line: Substring) -> Bool {
    line.dropFirst(indentation(line)).hasPrefix("- ")
  }

  private static func isBlank(_ line: Substring) -> Bool {
    let word = line.first { $0 != " " }
    return word == nil || word == "#"
  }

  private static func indentation(_ line: Substring) -> Int { line.prefix { $0 == " " || $0 == "\t" }.count }
}
