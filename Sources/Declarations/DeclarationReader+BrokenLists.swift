// Reading of a list that is not YAML as a whole, so that a wrong quote in one entry does not hide errors in the others.
extension DeclarationReader {
  /// The entries that are YAML by themselves. If no single entry is the cause, the error of the whole list is reported.
  mutating func readableEntries(of text: String, annotation: String, _ problem: YAMLProblem) -> Entries {
    var entries = Entries()
    var problems: [YAMLProblem] = []
    // An alias may refer to another entry.
    let pieces = problem.isLocal && !YAMLNode.mayUseAliases(text) ? Self.pieces(of: text) : []
    guard !pieces.isEmpty, pieces.count <= Self.maximumEntries else {
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
        if let readable = readableMembers(of: piece, index, annotation: annotation, &entries.doubts) {
          entries.nodes += readable.node
          problems += readable.problems
          continue
        }
        problems.append(pieces.count == 1 ? problem : error.moved(by: piece.line - 1, to: index))
        entries.doubts.addText(piece.text)
      }
    }
    for problem in problems.isEmpty ? [problem] : problems {
      self.problems.error(problem.place, problem.reason, hint: problem.hint)
    }
    return entries
  }

  /// The keys without which an entry means the same, but for what they say themselves.
  private static let dispensable: Set = [
    "grants", "connectionLimit", "validUntil", "memberOf", "passwordFrom", "extensions", "encoding", "locale",
    "scripts",
  ]

  /// More keys than an entry can have. Each is parsed by itself, which takes longer than its text suggests.
  private static let maximumParts = 32

  /// The members of an entry that are YAML by themselves, as far as the others can be done without.
  private mutating func readableMembers(
    of piece: (text: Substring, line: Int), _ index: Int, annotation: String, _ doubts: inout Doubts
  ) -> (node: [YAMLNode], problems: [YAMLProblem])? {
    var members: [YAMLNode.Member] = []
    var problems: [YAMLProblem] = []
    var (keys, unread): (Set<String>, [String]) = ([], [])
    var place: Place?
    let parts = Self.parts(of: piece.text)
    guard parts.count <= Self.maximumParts else { return nil }
    for part in parts {
      guard keys.insert(part.key).inserted else { return nil }
      let lines = piece.line + part.line - 2
      do throws(YAMLProblem) {
        let root = try YAMLNode(parsing: part.text, in: annotation)
        guard case .sequence(let elements) = root.content, elements.count == 1,
          case .mapping(let own) = elements[0].moved(by: lines, to: index).content, own.count == 1
        else { return nil }
        members += own
        place = place ?? elements[0].moved(by: lines, to: index).place
      } catch {
        guard Self.dispensable.contains(part.key) else { return nil }
        problems.append(error.moved(by: lines, to: index))
        unread.append(part.text)
      }
    }
    guard let place, !problems.isEmpty else { return nil }
    // What is unread may name an owner, and what else is referred to.
    doubts.add(unread)
    mayBeOwned.add(unread)
    return ([YAMLNode(content: .mapping(members), place: place)], problems)
  }

  /// The lines of each member of a block-style entry, as an entry of its own, with the number of its first line.
  private static func parts(of entry: Substring) -> [(key: String, text: String, line: Int)] {
    var lines = entry.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      Array(line.last == 0x0D ? line.dropLast() : line)
    }
    guard let first = lines.first, let dash = first.firstIndex(of: UInt8(ascii: "-")) else { return [] }
    let indentation = dash + 1 + first[(dash + 1)...].prefix { $0 == 0x20 }.count
    lines[0][dash] = 0x20
    var parts: [(key: String, text: String, line: Int)] = []
    for (index, line) in lines.enumerated() {
      let spaces = line.prefix { $0 == 0x20 }.count
      let rest = line[spaces...]
      guard index > 0 || rest.first != UInt8(ascii: "\t") else { return [] }
      guard spaces <= indentation, let start = rest.first, start > 0x20, start != UInt8(ascii: "#") else {
        if !parts.isEmpty { parts[parts.count - 1].text += "\n" + String(decoding: line, as: UTF8.self) }
        continue
      }
      let key = rest.prefix { isLetter($0) }
      guard spaces == indentation, !key.isEmpty, rest.dropFirst(key.count).first == UInt8(ascii: ":") else { return [] }
      var begun = line
      begun[dash] = UInt8(ascii: "-")
      parts.append((String(decoding: key, as: UTF8.self), String(decoding: begun, as: UTF8.self), index + 1))
    }
    return parts
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

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
  fileprivate func moved(by lines: Int, to index: Int) -> YAMLNode {
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
    return YAMLNode(content: content, place: place.moved(by: lines, to: index))
  }
}

extension Place {
  fileprivate func moved(by lines: Int, to index: Int) -> Self {
    var place = self
    place.line = line.map { $0 + lines }
    place.path = path.moved(to: index)
    return place
  }
}

extension YAMLProblem {
  /// The problem at its place in the whole list, in the entry with this index.
  fileprivate func moved(by lines: Int, to index: Int) -> Self {
    var problem = self
    problem.place = place.moved(by: lines, to: index)
    if problem.place.path == .root { problem.place = problem.place.element(index) }
    return problem
  }
}
