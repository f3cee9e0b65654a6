import DatabaseSpec

// Reading of a list that is not YAML as a whole, so that a wrong quote in one entry does not hide errors in the others.
extension DeclarationReader {
  /// The entries that are YAML by themselves. If no single entry is the cause, the error of the whole list is reported.
  mutating func readableEntries(of text: String, annotation: String, _ problem: YAMLProblem) -> Entries {
    var entries = Entries()
    var problems: [YAMLProblem] = []
    // An alias may refer to another entry.
    let pieces = problem.isLocal && YAMLNode.repetition(in: text) == 1 ? Self.pieces(of: text) : []
    guard pieces.count > 1, pieces.count <= Self.maximumEntries else {
      self.problems.error(problem.place, problem.reason, hint: problem.hint)
      entries.doubts.addText(text)
      return entries
    }
    for (index, piece) in pieces.enumerated() {
      do throws(YAMLProblem) {
        let root = try YAMLNode(parsing: String(piece.text), in: annotation)
        guard case .sequence(let elements) = root.content else { continue }
        entries.nodes += elements.map { $0.moved(by: piece.line - 1, to: index) }
      } catch {
        var error = error
        error.place = error.place.moved(by: piece.line - 1, to: index)
        if error.place.path.isEmpty { error.place = error.place.element(index) }
        problems.append(error)
        entries.doubts.addText(piece.text)
      }
    }
    for problem in problems.isEmpty ? [problem] : problems {
      self.problems.error(problem.place, problem.reason, hint: problem.hint)
    }
    return entries
  }

  /// The lines of each entry of a block-style list, with the number of its first line; none for any other text.
  private static func pieces(of text: String) -> [(text: Substring, line: Int)] {
    var starts: [(index: String.Index, line: Int)] = []
    var indentation: Int?
    var (start, line) = (text.startIndex, 1)
    while start < text.endIndex {
      let end = text.utf8[start...].firstIndex(of: 0x0A) ?? text.endIndex
      let spaces = text.utf8[start..<end].prefix { $0 == 0x20 }.count
      let rest = text.utf8[start..<end].dropFirst(spaces)
      let isEntry = rest.first == UInt8(ascii: "-") && rest.dropFirst().first.map { $0 <= 0x20 } ?? true
      let isBlank = rest.allSatisfy { $0 <= 0x20 } || rest.first == UInt8(ascii: "#") || rest.starts(with: "---".utf8)
      if indentation == nil, !isBlank {
        guard isEntry else { return [] }
        indentation = spaces
      }
      if isEntry, spaces == indentation { starts.append((start, line)) }
      start = end < text.endIndex ? text.utf8.index(after: end) : end
      line += 1
    }
    let ends = starts.dropFirst().map(\.index) + [text.endIndex]
    return zip(starts, ends).map { (text[$0.index..<$1], $0.line) }
  }
}

extension YAMLNode {
  /// The node at its place in the whole list, in the entry with this index.
  fileprivate func moved(by lines: Int, to index: Int) -> Self {
    let content: Content =
      switch content {
      case .sequence(let elements): .sequence(elements.map { $0.moved(by: lines, to: index) })
      case .mapping(let members):
        .mapping(
          members.map {
            Member(
              key: $0.key, place: $0.place.moved(by: lines, to: index), value: $0.value.moved(by: lines, to: index))
          })
      case .null, .scalar: content
      }
    return Self(content: content, place: place.moved(by: lines, to: index))
  }
}

extension Place {
  fileprivate func moved(by lines: Int, to index: Int) -> Self {
    var place = self
    place.line = line.map { $0 + lines }
    if path.utf8.starts(with: "[0]".utf8) { place.path = "[\(index)]" + path.dropFirst(3) }
    return place
  }
}
