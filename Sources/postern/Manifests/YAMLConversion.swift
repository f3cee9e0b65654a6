import Foundation
import JSONBytes
import Yams

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
    do {
      let parser = try Parser(yaml: document.text, resolver: Self.resolver, encoding: .utf8)
      guard let root = try parser.nextRoot() else { return nil }
      let value = try value(root, depth: 0)
      return ConvertedDocument(
        value: value, line: document.line + (root.mark?.line ?? 1) - 1, places: places, hasMore: Self.hasMore(parser))
    } catch let fault as ManifestFault {
      throw fault
    } catch {
      throw fault(error)
    }
  }

  /// kubectl reads only up to the end of the first document, which `...` marks. The rest may not be YAML at all.
  private static func hasMore(_ parser: Parser) -> Bool {
    do {
      return try parser.nextRoot() != nil
    } catch {
      return true
    }
  }

  // MARK: Values

  private mutating func value(_ node: Node, depth: Int) throws(ManifestFault) -> JSONValue {
    count += 1
    guard count <= Self.maximumValues else {
      throw fault("aliases repeat more than \(Self.maximumValues) values", at: node)
    }
    guard depth < JSONReader.maximumDepth else {
      throw fault("nested deeper than \(JSONReader.maximumDepth) levels", at: node)
    }
    switch node {
    case .scalar(let scalar): return try json(try self.scalar(scalar, node), at: node)
    case .sequence(let sequence):
      var elements: [JSONValue] = []
      for (index, element) in sequence.enumerated() {
        path.append(.index(index))
        elements.append(try self.element(element, depth: depth))
        path.removeLast()
      }
      return .array(elements)
    case .mapping(let mapping): return .object(try object(mapping, depth: depth))
    case .alias: throw fault("an alias that stands for nothing", at: node)
    }
  }

  private mutating func object(_ mapping: Node.Mapping, depth: Int) throws(ManifestFault) -> JSONObject {
    var object = JSONObject()
    var own: Set<[UInt8]> = []
    for (key, element) in mapping {
      if isMerge(key) {
        for merged in try merged(element, depth: depth) {
          for member in merged.members { object[member.key] = member.value }
        }
        continue
      }
      let name = try text(ofKey: key)
      guard own.insert(Array(name.utf8)).inserted else { throw fault(ManifestFault.repeatedKey(name), at: key) }
      path.append(.key(name))
      object[name] = try self.element(element, depth: depth)
      path.removeLast()
    }
    return object
  }

  /// Converts a member or an element, at ``path``.
  private mutating func element(_ node: Node, depth: Int) throws(ManifestFault) -> JSONValue {
    let value = try value(node, depth: depth + 1)
    if value.string == nil { places[KeyPath.text(path)] = ValuePlace(line: line(of: node), column: column(of: node)) }
    return value
  }

  /// Whether a key is `<<` without quotes.
  private func isMerge(_ key: Node) -> Bool {
    guard case .scalar(let scalar) = key, scalar.string == "<<" else { return false }
    return tag(of: key) == Self.plainTag || tag(of: key) == YAMLScalar.tagPrefix + "merge"
  }

  /// The members that a merge key adds. The last one takes precedence.
  private mutating func merged(_ node: Node, depth: Int) throws(ManifestFault) -> [JSONObject] {
    let mappings: [Node]
    switch node {
    case .mapping: mappings = [node]
    case .sequence(let sequence): mappings = sequence.reversed()
    default: mappings = [node]
    }
    var objects: [JSONObject] = []
    for node in mappings {
      guard case .mapping = node, case .object(let object) = try value(node, depth: depth) else {
        throw fault("<< needs a mapping, or a list of mappings, as its value", at: node)
      }
      objects.append(object)
    }
    return objects
  }

  private func text(ofKey key: Node) throws(ManifestFault) -> String {
    guard case .scalar(let scalar) = key else {
      throw fault("a key that is no text: Kubernetes' keys are words", at: key)
    }
    switch try self.scalar(scalar, key) {
    case .text(let text): return text
    case .bool(let value): return value ? "true" : "false"
    case .integer(let whole): return String(whole)
    case .float(let value): return NumberSpelling.key(value)
    case .null: throw fault("a key is missing before the colon, or is null; write it in quotes", at: key)
    case .unsigned: throw fault("a number too large for a key; write it in quotes", at: key)
    }
  }

  private func json(_ scalar: YAMLScalar, at node: Node) throws(ManifestFault) -> JSONValue {
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

  private func scalar(_ scalar: Node.Scalar, _ node: Node) throws(ManifestFault) -> YAMLScalar {
    let tag = tag(of: node)
    if scalar.style == .doubleQuoted, hasEscapedSlash(node) {
      throw fault(#"\/ is no escape sequence of YAML 1.1; write / alone"#, at: node)
    }
    // libyaml ignores the tag "!"; kubectl reads the value after it as text.
    if tag == Self.plainTag {
      return source(at: node)?.first == "!" ? .text(scalar.string) : YAMLScalar(plain: scalar.string)
    }
    guard tag.hasPrefix(YAMLScalar.tagPrefix) else { return .text(scalar.string) }
    guard let value = YAMLScalar(scalar.string, tag: tag) else {
      throw fault("the value is none of !!\(tag.dropFirst(YAMLScalar.tagPrefix.count))", at: node)
    }
    return value
  }

  /// Whether a scalar in double quotes contains `\/`, which libyaml accepts and kubectl does not.
  private func hasEscapedSlash(_ node: Node) -> Bool {
    guard document.text.utf8.contains(UInt8(ascii: "\\")), document.text.contains("\\/"),
      var rest = source(at: node).map({ Array($0.utf8) })?[...]
    else { return false }
    var line = node.mark?.line ?? 1
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
  private func source(at node: Node) -> Substring? {
    guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { return nil }
    return Substring(lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1))
  }

  private static let plainTag = "postern:plain"
  /// Distinguishes plain scalars without a tag from those with one. ``YAMLScalar`` has the rules of types.
  private static let resolver = Resolver.basic.appending(plainRule)
  private static let plainRule: Resolver.Rule = {
    do {
      return try Resolver.Rule(Tag.Name(rawValue: plainTag), "^")
    } catch {
      preconditionFailure("the pattern ^ is none: \(error)")
    }
  }()

  private func tag(of node: Node) -> String { node.tag.description }

  // MARK: Faults

  private func line(of node: Node) -> Int { document.line + (node.mark?.line ?? 1) - 1 }
  private func column(of node: Node) -> Int { node.mark?.column ?? 1 }

  private func fault(_ problem: String, at node: Node) -> ManifestFault {
    ManifestFault(
      problem: problem, line: line(of: node), column: column(of: node), document: document.number, path: path)
  }

  /// The place at which a key occurs again, after its first place; nil where the lines do not show it.
  private func secondPlace(of key: String, after mark: Mark) -> Int? {
    guard mark.line < lines.count else { return nil }
    return lines[mark.line...].firstIndex { line in
      let rest = line.unicodeScalars.dropFirst(mark.column - 1).drop { "\"'".unicodeScalars.contains($0) }
      return line.prefix(mark.column - 1).allSatisfy { " -".contains($0) } && Substring(rest).hasPrefix(key)
        && rest.dropFirst(key.unicodeScalars.count).first.map { ":\"' ".unicodeScalars.contains($0) } == true
    }.map { $0 + 1 }
  }

  /// An error that Yams has found, without the text that Yams would show.
  private func fault(_ error: any Error) -> ManifestFault {
    func fault(_ problem: String, line: Int, column: Int) -> ManifestFault {
      ManifestFault(
        problem: problem, line: document.line + line - 1, column: column, document: document.number,
        path: KeyPath.above(line: line, in: document.text))
    }
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return fault(problem + YAMLHint.hint(for: problem, in: document.text), line: mark.line, column: mark.column)
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      let (key, mark) = (duplicates.first ?? "", context.mark)
      return fault(
        key == "<<"
          ? "<< stands twice in this mapping; write one, with a list: <<: [*a, *b]" : ManifestFault.repeatedKey(key),
        line: secondPlace(of: key, after: mark) ?? mark.line, column: mark.column)
    case YamlError.reader(let problem, let offset, _, _):
      let before = document.text.utf8.prefix(offset ?? 0)
      let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
      return fault(problem, line: 1 + before.count { $0 == UInt8(ascii: "\n") }, column: column)
    default: return fault("it cannot be read", line: 1, column: 1)
    }
  }
}
