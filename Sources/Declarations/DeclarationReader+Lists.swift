import Contract
import DatabaseSpec

extension DeclarationReader {
  /// The most users, or databases, that one annotation may declare, in any form.
  static let maximumEntries = 10_000

  /// The entries of an annotation's value, and doubts about what could not be read of it.
  struct Entries {
    var nodes: [YAMLNode] = []
    var doubts = Doubts()
  }

  /// The entries of `postern.io/users` or `postern.io/databases`, from a YAML list or a plain one such as `orders,
  /// billing`.
  mutating func entries(of text: String, annotation: String) -> Entries {
    var entries = allEntries(of: text, annotation: annotation)
    if entries.nodes.count > Self.maximumEntries {
      problems.error(
        Place(annotation: annotation), "more than \(Self.maximumEntries) entries",
        hint: "give some of them to another customer")
      entries.nodes = []
      entries.doubts.addUnread()
    }
    return entries
  }

  private mutating func allEntries(of text: String, annotation: String) -> Entries {
    let root: YAMLNode
    do throws(YAMLProblem) {
      root = try YAMLNode(parsing: text, in: annotation)
    } catch {
      return readableEntries(of: text, annotation: annotation, error)
    }
    switch root.content {
    case .null where root.place.line == nil || !text.utf8.contains(where: { $0 > 0x20 }): return Entries()
    case .null: return Entries(nodes: plainList("null", of: text, at: root.place))
    case .scalar(let plain, isPlain: true): return Entries(nodes: plainList(plain, of: text, at: root.place))
    case .scalar: return Entries(nodes: [YAMLNode(content: root.content, place: root.place.element(0))])
    case .sequence(let elements): return Entries(nodes: elements)
    case .mapping:
      problems.error(
        root.place, "this is a mapping; expected a list",
        hint: "begin each entry with \"- name: NAME\", or write plain names: orders, billing")
      return Entries(nodes: root.elementsMeant)
    }
  }

  /// Splits `orders, billing` at commas and white space. An extra comma makes an empty entry, except at the end.
  private func plainList(_ list: String, of text: String, at root: Place) -> [YAMLNode] {
    var pieces = list.unicodeScalars.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.split(whereSeparator: \.isWhiteSpace).map { String($0) }
    }
    if pieces.count > 1, pieces.last?.isEmpty == true { pieces.removeLast() }
    var words = wordPlaces(in: text, from: root)[...]
    var entries: [YAMLNode] = []
    for piece in pieces {
      for word in piece.isEmpty ? [""] : piece where entries.count <= Self.maximumEntries {
        var place = Place(annotation: root.annotation).element(entries.count)
        let at = word.isEmpty ? words.first : words.popFirst()
        place = place.at(line: at?.line ?? root.line, column: at?.column ?? root.column)
        let isNull = ["", "~", "null"].contains(word)
        entries.append(YAMLNode(content: isNull ? .null : .scalar(word, isPlain: true), place: place))
      }
    }
    return entries
  }

  /// The place of each word in a plain list. YAML folds the lines of a plain scalar and keeps its words.
  private func wordPlaces(in text: String, from root: Place) -> [(line: Int, column: Int)] {
    var places: [(line: Int, column: Int)] = []
    var (line, column) = (1, 0)
    var isInWord = false
    for scalar in text.unicodeScalars {
      column += 1
      let isSeparator = scalar == "," || scalar.isWhiteSpace
      let isBefore = (line, column) < (root.line ?? 1, root.column ?? 1)
      if !isSeparator, !isInWord, !isBefore { places.append((line, column)) }
      isInWord = !isSeparator && !isBefore
      if scalar == "\n" { (line, column) = (line + 1, 0) }
    }
    return places
  }

  /// An entry that is only a name; nil, without a problem, for any other entry.
  mutating func shortName(_ node: YAMLNode, of what: String) -> ShortName {
    switch node.content {
    case .null:
      problems.error(node.place, "an entry is empty; expected \(what)", hint: "remove it, or quote it if it is a name")
      return .refused([])
    case .scalar(let text, _):
      guard !text.utf8.contains(UInt8(ascii: ":")) else {
        // It may be a line of a flat file with its password, so it must not be shown.
        problems.error(
          node.place, "an entry holds a colon; expected a name",
          hint: "user:password lines belong in a Secret, named by \(AnnotationKey.usersFrom); "
            + "a name with a colon is written {name: \"a:b\"}")
        return .refused([text])
      }
      return name(text, of: what, at: node.place).map(ShortName.name) ?? .refused([text])
    case .sequence, .mapping: return .none
    }
  }

  enum ShortName {
    case name(Located<PostgresName>)
    /// The texts that may be meant as the name.
    case refused([String])
    case none
  }
}
