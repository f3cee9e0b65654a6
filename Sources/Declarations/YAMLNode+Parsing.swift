import Yams

extension YAMLNode {
  /// The most values in one annotation. Aliases count as often as they are used.
  static let maximumNodes = 20_000
  /// The most bytes in one annotation. Kubernetes allows this many for all together.
  static let maximumBytes = 262_144
  /// The most bytes of all texts together. Aliases count as often as they are used.
  static let maximumExpandedBytes = 1 << 20
  /// The deepest nesting.
  static let maximumDepth = 32
  /// How many times aliases within aliases may repeat a value.
  static let maximumRepetition = 1000.0

  /// Nothing is constructed. Yams would make its own default anew for every document, with three dictionaries. It never
  /// changes, which is all that is unsafe about a class that Yams does not call Sendable.
  nonisolated(unsafe) private static let constructor = Constructor([:], [:], [:])

  /// Reads one YAML document; the root is null where there is nothing in it.
  init(parsing text: String, in annotation: String) throws(YAMLProblem) {
    let place = Place(annotation: annotation)
    guard text.utf8.count <= Self.maximumBytes else {
      throw YAMLProblem(
        place: place, reason: "longer than \(Self.maximumBytes) bytes", hint: "put scripts into a ConfigMap")
    }
    // Yams builds the whole document before any of it can be checked, so the size is checked first.
    guard YAMLMarks(text).count <= 2 * Self.maximumNodes else { throw Self.tooManyNodes(annotation) }
    // Yams hashes the keys of a mapping with everything that aliases in them stand for, so the repetition is checked
    // first.
    guard Self.repetition(in: text) <= Self.maximumRepetition else {
      throw YAMLProblem(place: place, reason: "too many aliases within aliases", hint: "write the values out")
    }
    let root: Node?
    do {
      root = try unsafe Yams.compose(yaml: text, .basic, Self.constructor, .utf8)
    } catch let error as YamlError {
      var problem = YAMLProblem(error, in: text, of: annotation)
      problem.isLocal = true
      throw problem
    } catch {
      throw YAMLProblem(place: place, reason: "not readable as YAML")
    }
    guard let root else {
      self.init(content: .null, place: place)
      return
    }
    var budget = (nodes: Self.maximumNodes, bytes: Self.maximumExpandedBytes)
    try self.init(root, place: place, depth: 1, budget: &budget)
  }

  private init(_ node: Node, place: Place, depth: Int, budget: inout (nodes: Int, bytes: Int)) throws(YAMLProblem) {
    let place = place.at(line: node.mark?.line, column: node.mark?.column)
    budget.nodes -= 1
    guard budget.nodes >= 0 else {
      throw Self.tooManyNodes(place.annotation)
    }
    guard depth <= Self.maximumDepth else {
      throw YAMLProblem(place: place, reason: "nested deeper than \(Self.maximumDepth) levels")
    }
    switch node {
    case .scalar(let scalar):
      budget.bytes -= scalar.string.utf8.count
      guard budget.bytes >= 0 else {
        throw YAMLProblem(
          place: Place(annotation: place.annotation),
          reason: "more than \(Self.maximumExpandedBytes) bytes of text, aliases expanded",
          hint: "put scripts into a ConfigMap, and write fewer aliases")
      }
      let isPlain = scalar.style == .plain
      let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
      self.init(content: isNull ? .null : .scalar(scalar.string, isPlain: isPlain), place: place)
    case .sequence(let sequence):
      var elements: [YAMLNode] = []
      for (index, element) in sequence.enumerated() {
        elements.append(try YAMLNode(element, place: place.element(index), depth: depth + 1, budget: &budget))
      }
      self.init(content: .sequence(elements), place: place)
    case .mapping(let mapping):
      var members: [Member] = []
      var places: [[UInt8]: Place] = [:]
      for (key, value) in mapping {
        guard case .scalar(let scalar) = key else {
          throw YAMLProblem(
            place: place.at(line: key.mark?.line, column: key.mark?.column),
            reason: "a key is a list or a mapping; expected a plain key")
        }
        let keyPlace = place.member(scalar.string).at(line: key.mark?.line, column: key.mark?.column)
        if let first = places.updateValue(keyPlace, forKey: Array(scalar.string.utf8)) {
          throw YAMLProblem.duplicateKey(scalar.string, at: keyPlace, first: first)
        }
        let child = try YAMLNode(value, place: keyPlace, depth: depth + 1, budget: &budget)
        members.append(Member(key: scalar.string, place: keyPlace, value: child))
      }
      self.init(content: .mapping(members), place: place)
    case .alias:
      throw YAMLProblem(place: place, reason: "an alias that refers to nothing")
    }
  }

  private static func tooManyNodes(_ annotation: String) -> YAMLProblem {
    YAMLProblem(
      place: Place(annotation: annotation), reason: "more than \(maximumNodes) values, aliases expanded",
      hint: "put scripts into a ConfigMap, and write fewer aliases")
  }

  /// An upper bound of how many times the document repeats a value when aliases are expanded. With `a` anchors that are
  /// used `r` times each, the worst nesting gives (1 + r)^a. Everything that may be an anchor or alias is counted,
  /// judged by the character before it, so SQL such as `a &b` counts too.
  static func repetition(in text: String) -> Double {
    var anchors = 0.0
    var aliases = 0.0
    var previous = UInt8(ascii: " ")
    var mark: UInt8?
    for byte in text.utf8 {
      if let kind = mark, isNameByte(byte) {
        if kind == UInt8(ascii: "&") { anchors += 1 } else { aliases += 1 }
      }
      let isMark = byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
      mark = isMark && mayPrecedeToken(previous) ? byte : nil
      previous = byte
    }
    guard anchors > 0, aliases > 0 else { return 1 }
    var bound = 1.0
    for _ in 0..<Int(anchors) where bound <= maximumRepetition { bound *= 1 + aliases / anchors }
    return bound
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// White space, line breaks (U+0085, U+2028 and U+2029 end in bytes over 0x7F), indicators and closing quotes.
  private static func mayPrecedeToken(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte >= 0x80 || "[]{},:?-\"'".utf8.contains(byte)
  }
}
