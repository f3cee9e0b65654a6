import JSONBytes
import YAML

/// Converts a document to JSON by kubectl's rules: those of sigs.k8s.io/yaml, which is YAML 1.1 with merge keys, and
/// with keys that are always text. It is stricter in two ways: a key that occurs twice in a mapping, of which kubectl
/// silently takes the last, is an error; and the depth is limited.
struct YAMLConversion {
  /// The most values in a document. Values that aliases repeat count each time.
  static let maximumValues = 1_000_000

  private let document: ManifestDocument
  private let lines: [Substring]
  private var path: [KeyPath.Step] = []
  private var count = 0
  /// The places of members whose value is not text, by their path.
  private(set) var places: [String: ValuePlace] = [:]

  /// The object of a document, with the places of its values that are not text. nil for a document without a value.
  static func convert(_ document: ManifestDocument) throws(ManifestFault) -> ConvertedDocument? {
    var conversion = YAMLConversion(document)
    return try conversion.convert()
  }

  private init(_ document: ManifestDocument) {
    self.document = document
    lines = document.text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  private mutating func convert() throws(ManifestFault) -> ConvertedDocument? {
    let root: YAMLValue
    let hasMore: Bool
    do throws(YAMLError) {
      var reader = try YAMLReader(document.text)
      guard let value = try reader.next() else { return nil }
      (root, hasMore) = (value, Self.hasMore(&reader))
    } catch {
      throw fault(error)
    }
    return ConvertedDocument(
      value: try value(root, depth: 0), line: document.line + root.mark.line - 1, places: places, hasMore: hasMore)
  }

  /// kubectl reads only up to the end of the first document, which `...` marks. The rest may not be YAML at all.
  private static func hasMore(_ reader: inout YAMLReader) -> Bool {
    do throws(YAMLError) {
      return try reader.next() != nil
    } catch {
      return true
    }
  }

  // MARK: Values

  private mutating func value(_ node: YAMLValue, depth: Int) throws(ManifestFault) -> JSONValue {
    count += 1
    guard count <= Self.maximumValues else {
      throw fault("aliases repeat more than \(Self.maximumValues) values", at: node)
    }
    guard depth < JSONReader.maximumDepth else {
      throw fault("nested deeper than \(JSONReader.maximumDepth) levels", at: node)
    }
    switch node.content {
    case .scalar(let text, let style): return try json(try scalar(text, style, node), at: node)
    case .sequence(let sequence):
      var elements: [JSONValue] = []
      for (index, element) in sequence.enumerated() {
        path.append(.index(index))
        elements.append(try self.element(element, depth: depth))
        path.removeLast()
      }
      return .array(elements)
    case .mapping(let members): return .object(try object(members, depth: depth))
    }
  }

  private mutating func object(_ members: [YAMLValue.Member], depth: Int) throws(ManifestFault) -> JSONObject {
    var object = JSONObject()
    var own: Set<[UInt8]> = []
    var hasMerge = false
    for member in members {
      if member.key.isMergeKey {
        guard !hasMerge else {
          throw fault("<< stands twice in this mapping; write one, with a list: <<: [*a, *b]", at: member.key)
        }
        hasMerge = true
        for merged in try merged(member.value, depth: depth) {
          for member in merged.members { object[member.key] = member.value }
        }
        continue
      }
      let name = try text(ofKey: member.key)
      guard own.insert(Array(name.utf8)).inserted else { throw fault(ManifestFault.repeatedKey(name), at: member.key) }
      path.append(.key(name))
      object[name] = try element(member.value, depth: depth)
      path.removeLast()
    }
    return object
  }

  /// Converts a member or an element, at ``path``.
  private mutating func element(_ node: YAMLValue, depth: Int) throws(ManifestFault) -> JSONValue {
    let value = try value(node, depth: depth + 1)
    if value.string == nil { places[KeyPath.text(path)] = ValuePlace(line: line(of: node), column: column(of: node)) }
    return value
  }

  /// The members that a merge key adds. The last one takes precedence.
  private mutating func merged(_ node: YAMLValue, depth: Int) throws(ManifestFault) -> [JSONObject] {
    let mappings = node.elements?.reversed() ?? [node]
    var objects: [JSONObject] = []
    for node in mappings {
      guard case .mapping = node.content, case .object(let object) = try value(node, depth: depth) else {
        throw fault(YAMLValue.mergeProblem, at: node)
      }
      objects.append(object)
    }
    return objects
  }

  private func text(ofKey key: YAMLValue) throws(ManifestFault) -> String {
    guard case .scalar(let text, let style) = key.content else {
      // A template's braces without quotes begin a mapping in a mapping.
      let reason = YAMLHint.isTemplate(document.text) ? YAMLHint.template : "Kubernetes' keys are words"
      throw fault("a key that is no text: \(reason)", at: key)
    }
    switch try scalar(text, style, key) {
    case .text(let text): return text
    case .bool(let value): return value ? "true" : "false"
    case .integer(let whole): return String(whole)
    case .float(let value): return NumberSpelling.key(value)
    case .null: throw fault("a key is missing before the colon, or is null; write it in quotes", at: key)
    case .unsigned: throw fault("a number too large for a key; write it in quotes", at: key)
    }
  }

  private func json(_ scalar: YAMLScalar, at node: YAMLValue) throws(ManifestFault) -> JSONValue {
    switch scalar {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .integer(let whole): return .number(String(whole))
    case .unsigned(let whole): return .number(NumberSpelling.json(Double(whole)) ?? "0")
    case .text(let text): return .string(text)
    case .float(let value):
      guard let number = NumberSpelling.json(value) else {
        throw fault("JSON has no infinity, and no number that is none; write it in quotes if it is text", at: node)
      }
      // Go writes the float as -0, and reads that as a whole number.
      return .number(number == "-0" ? "0" : number)
    }
  }

  // MARK: Scalars

  private func scalar(
    _ text: String, _ style: YAMLValue.Style, _ node: YAMLValue
  ) throws(ManifestFault) -> YAMLScalar {
    if style == .doubleQuoted, hasEscapedSlash(node) {
      throw fault(#"\/ is no escape sequence of YAML 1.1; write / alone"#, at: node)
    }
    guard let tag = node.tag else {
      return style == .plain ? YAMLScalar(plain: text) : .text(text)
    }
    // Any other tag says that it is text, and so does "!" alone.
    guard tag.hasPrefix(YAMLScalar.tagPrefix) else { return .text(text) }
    guard let value = YAMLScalar(text, tag: tag) else {
      throw fault("the value is none of !!\(tag.dropFirst(YAMLScalar.tagPrefix.count))", at: node)
    }
    return value
  }

  /// Whether a scalar in double quotes contains `\/`, which libyaml accepts and kubectl does not.
  private func hasEscapedSlash(_ node: YAMLValue) -> Bool {
    guard document.text.utf8.contains(UInt8(ascii: "\\")), document.text.contains("\\/"),
      var rest = source(at: node).map({ Array($0.utf8) })?[...]
    else { return false }
    var line = node.mark.line
    rest = rest.drop { $0 != UInt8(ascii: "\"") }.dropFirst()
    while true {
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\"") { return false }
        if byte == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "/") { return true }
      }
      guard line < lines.count else { return false }
      rest = Array(lines[line].utf8)[...]
      line += 1
    }
  }

  /// The text of a node, from its first character to the line's end.
  private func source(at node: YAMLValue) -> Substring? {
    let mark = node.mark
    guard lines.indices.contains(mark.line - 1) else { return nil }
    return Substring(lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1))
  }

  // MARK: Faults

  private func line(of node: YAMLValue) -> Int { document.line + node.mark.line - 1 }
  private func column(of node: YAMLValue) -> Int { node.mark.column }

  private func fault(_ problem: String, at node: YAMLValue) -> ManifestFault {
    ManifestFault(
      problem: problem, line: line(of: node), column: column(of: node), document: document.number, path: path)
  }

  /// An error that the reader has found.
  private func fault(_ error: YAMLError) -> ManifestFault {
    ManifestFault(
      problem: error.problem + YAMLHint.hint(for: error.problem, in: document.text),
      line: document.line + error.mark.line - 1, column: error.mark.column, document: document.number,
      path: KeyPath.above(line: error.mark.line, in: document.text))
  }
}
