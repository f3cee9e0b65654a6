import YAML

extension YAMLNode {
  /// The most values in one annotation. Aliases count as often as they are used.
  static let maximumNodes = 20_000
  /// The most bytes in one annotation. Kubernetes allows this many for all together.
  static let maximumBytes = 262_144
  /// The most bytes of all texts together. Aliases count as often as they are used.
  static let maximumExpandedBytes = 1 << 20
  /// The deepest nesting.
  static let maximumDepth = 32

  /// Reads one YAML document; the root is null where there is nothing in it.
  convenience init(parsing text: String, in annotation: String) throws(YAMLProblem) {
    let place = Place(annotation: annotation)
    guard text.utf8.count <= Self.maximumBytes else {
      throw YAMLProblem(
        place: place, reason: "longer than \(Self.maximumBytes) bytes", hint: "put scripts into a ConfigMap")
    }
    if Self.isPlainWords(text) {
      self.init(content: .scalar(text, isPlain: true), place: place.at(line: 1, column: 1))
      return
    }
    let root: YAMLValue?
    do throws(YAMLError) {
      // Keys count there, too.
      root = try YAMLReader.only(text, maximumValues: 2 * Self.maximumNodes)
    } catch {
      throw error.kind == .tooMany ? Self.tooManyNodes(annotation) : YAMLProblem(error, of: annotation)
    }
    guard let root else {
      self.init(content: .null, place: place)
      return
    }
    var budget = (nodes: Self.maximumNodes, bytes: Self.maximumExpandedBytes)
    try self.init(root, place: place, depth: 1, budget: &budget)
  }

  /// Whether the text is names with commas and spaces between them, as most people write a short list: a plain scalar on
  /// one line (YAML 1.1, 9.1.3), which needs no parser.
  private static func isPlainWords(_ text: String) -> Bool {
    func isWordByte(_ byte: UInt8) -> Bool { byte.isOfName && byte != UInt8(ascii: "-") }
    let bytes = text.utf8Span.span
    guard bytes.count > 0, isWordByte(bytes[0]), isWordByte(bytes[bytes.count - 1]) else { return false }
    for index in bytes.indices
    where !bytes[index].isOfName && bytes[index] != UInt8(ascii: ",") && bytes[index] != UInt8(ascii: " ") {
      return false
    }
    return !["null", "Null", "NULL"].contains(text)
  }

  private convenience init(
    _ value: YAMLValue, place: Place, depth: Int, budget: inout (nodes: Int, bytes: Int)
  ) throws(YAMLProblem) {
    let place = place.at(line: value.mark.line, column: value.mark.column)
    budget.nodes -= 1
    guard budget.nodes >= 0 else {
      throw Self.tooManyNodes(place.annotation)
    }
    guard depth <= Self.maximumDepth else {
      throw YAMLProblem(place: place, reason: "nested deeper than \(Self.maximumDepth) levels")
    }
    switch value.content {
    case .scalar(let text, let style):
      budget.bytes -= text.utf8.count
      guard budget.bytes >= 0 else {
        throw YAMLProblem(
          place: Place(annotation: place.annotation),
          reason: "more than \(Self.maximumExpandedBytes) bytes of text, aliases expanded",
          hint: "put scripts into a ConfigMap, and write fewer aliases")
      }
      self.init(content: value.isNull ? .null : .scalar(text, isPlain: style == .plain), place: place)
    case .sequence(let sequence):
      var elements: [YAMLNode] = []
      elements.reserveCapacity(sequence.count)
      for (index, element) in sequence.enumerated() {
        elements.append(try YAMLNode(element, place: place.element(index), depth: depth + 1, budget: &budget))
      }
      self.init(content: .sequence(elements), place: place)
    case .mapping(let mapping):
      var members: [Member] = []
      members.reserveCapacity(mapping.count)
      var firsts = FirstKeys()
      var added: [Member] = []
      for member in mapping {
        let mark = member.key.mark
        if member.key.isMergeKey {
          for source in member.value.elements ?? [member.value] {
            // The members get the paths of this mapping's own, and count against the limits each time.
            let node = try YAMLNode(source, place: place, depth: depth + 1, budget: &budget)
            guard case .mapping(let members) = node.content else {
              throw YAMLProblem(
                place: place.at(line: mark.line, column: mark.column), reason: YAMLValue.mergeProblem)
            }
            added += members
          }
          continue
        }
        guard let key = member.key.text else {
          throw YAMLProblem(
            place: place.at(line: mark.line, column: mark.column),
            reason: "a key is a list or a mapping; expected a plain key",
            // The kind that begins with two brackets: {{ .Values.user }}.
            hint: member.key.members != nil ? "fill in a placeholder in {{ }} before" : nil)
        }
        let keyPlace = place.member(key).at(line: mark.line, column: mark.column)
        if let first = firsts.find(key, in: members) {
          throw YAMLProblem.duplicateKey(key, at: keyPlace, first: members[first].place)
        }
        let child = try YAMLNode(member.value, place: keyPlace, depth: depth + 1, budget: &budget)
        members.append(Member(key: key, place: keyPlace, value: child))
      }
      // A member of the mapping itself takes precedence, and of several mappings that of the first.
      for member in added where firsts.find(member.key, in: members) == nil { members.append(member) }
      self.init(content: .mapping(members), place: place)
    }
  }

  /// Finds whether a key has occurred before. Most mappings have few keys, which are compared one by one; those of a large
  /// one are in a dictionary.
  private struct FirstKeys {
    private static let few = 16
    private var indices: [[UInt8]: Int] = [:]

    /// The index of the member with this key; nil where it is new, and the next to be added.
    mutating func find(_ key: String, in members: [Member]) -> Int? {
      if members.count < Self.few {
        return members.firstIndex { $0.key.utf8.count == key.utf8.count && $0.key.utf8.elementsEqual(key.utf8) }
      }
      for index in indices.count..<members.count { indices[Array(members[index].key.utf8)] = index }
      return indices[Array(key.utf8)]
    }
  }

  private static func tooManyNodes(_ annotation: String) -> YAMLProblem {
    YAMLProblem(
      place: Place(annotation: annotation), reason: "more than \(maximumNodes) values, aliases expanded",
      hint: "put scripts into a ConfigMap, and write fewer aliases")
  }

  /// Whether the document may use aliases. Everything that may be an anchor or alias counts, judged by the character
  /// before it, so SQL such as `a &b` counts too.
  static func mayUseAliases(_ text: String) -> Bool {
    var (hasAnchor, hasAlias) = (false, false)
    var previous = UInt8(ascii: " ")
    var mark: UInt8?
    for byte in text.utf8 {
      if let kind = mark, byte.isOfName {
        if kind == UInt8(ascii: "&") { hasAnchor = true } else { hasAlias = true }
      }
      let isMark = byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
      mark = isMark && mayPrecedeToken(previous) ? byte : nil
      previous = byte
    }
    return hasAnchor && hasAlias
  }

  /// White space, line breaks (U+0085, U+2028 and U+2029 end in bytes over 0x7F), indicators and closing quotes.
  private static func mayPrecedeToken(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte >= 0x80 || "[]{},:?-\"'".utf8.contains(byte)
  }
}
