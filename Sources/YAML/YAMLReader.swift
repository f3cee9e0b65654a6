/// Composes the documents of a text (YAML 1.1, 3.1). Memory and time are bounded by the limits: an alias shares what it
/// stands for, so that only the text's own values count. Whoever walks a document meets what aliases repeat, and must
/// count.
package struct YAMLReader: ~Copyable {
  /// How deep a document may be by default, aliases resolved.
  package static let maximumDepth = 200

  private var events: YAMLEvents
  /// How many lines may begin with `%TAG`. libyaml compares each of these directives with all before it.
  package static let maximumTagDirectives = 64
  /// What is wrong with a text that has more.
  package static let tagProblem = "more than \(maximumTagDirectives) %TAG directives"

  /// What aliases of the current document stand for, and how deep that is.
  private var anchors: [String: (value: YAMLValue, height: Int)] = [:]
  private var count = 0
  private var isAtEnd = false
  private let maximumValues: Int
  private let maximumDepth: Int

  /// - Parameters:
  ///   - maximumValues: the most values in all documents together, keys and aliases among them.
  ///   - maximumDepth: the deepest nesting; a scalar alone is 1 deep.
  package init(
    _ text: String, maximumValues: Int = .max, maximumDepth: Int = YAMLReader.maximumDepth
  ) throws(YAMLError) {
    try self.init(Array(text.utf8), maximumValues: maximumValues, maximumDepth: maximumDepth)
  }

  /// - Parameters:
  ///   - bytes: a text in UTF-8, or in UTF-16 with a byte order mark. Other bytes are an error where the reader meets
  ///     them.
  ///   - maximumValues: as above.
  ///   - maximumDepth: as above.
  package init(
    _ bytes: [UInt8], maximumValues: Int = .max, maximumDepth: Int = YAMLReader.maximumDepth
  ) throws(YAMLError) {
    let utf8 = YAMLEncoding(of: bytes) == .utf8 ? bytes : Array(YAMLEncoding.text(of: bytes).utf8)
    if let offset = Self.excessiveTagDirective(in: utf8) {
      throw YAMLError(.syntax, Self.tagProblem, at: YAMLMark(ofByte: offset, in: utf8))
    }
    events = try YAMLEvents(bytes)
    self.maximumValues = maximumValues
    self.maximumDepth = maximumDepth
  }

  /// The value of the only document; nil where the text has none.
  package static func only(
    _ text: String, maximumValues: Int = .max, maximumDepth: Int = YAMLReader.maximumDepth
  ) throws(YAMLError) -> YAMLValue? {
    var reader = try YAMLReader(text, maximumValues: maximumValues, maximumDepth: maximumDepth)
    let value = try reader.next()
    let isOnly = try reader.atEnd()
    guard isOnly else { throw YAMLError(.secondDocument, "there is a second document", at: reader.events.mark) }
    return value
  }

  /// The next document's value; nil where there is none.
  package mutating func next() throws(YAMLError) -> YAMLValue? {
    guard try !atEnd() else { return nil }
    anchors = [:]
    let value = try value(of: events.next(), depth: 1).value
    // The document's end.
    _ = try events.next()
    return value
  }

  /// Moves to the next document's beginning.
  private mutating func atEnd() throws(YAMLError) -> Bool {
    guard !isAtEnd else { return true }
    if case .streamEnd = try events.next() { isAtEnd = true }
    return isAtEnd
  }

  private mutating func value(
    of event: YAMLEvents.Event, depth: Int
  ) throws(YAMLError) -> (value: YAMLValue, height: Int) {
    let mark = events.mark
    count += 1
    guard count <= maximumValues else { throw YAMLError(.tooMany, "more than \(maximumValues) values", at: mark) }
    guard depth <= maximumDepth else { throw tooDeep(at: mark) }
    let found: (value: YAMLValue, height: Int)
    let anchor: String?
    switch event {
    case .scalar(let text, let style, let tag, anchor: let name):
      found = (YAMLValue(.scalar(text, style), tag: tag, mark: mark), 1)
      anchor = name
    case .sequence(let tag, anchor: let name):
      let (elements, height) = try elements(depth: depth)
      found = (YAMLValue(.sequence(elements), tag: tag, mark: mark), height + 1)
      anchor = name
    case .mapping(let tag, anchor: let name):
      let (members, height) = try members(depth: depth)
      found = (YAMLValue(.mapping(members), tag: tag, mark: mark), height + 1)
      anchor = name
    case .alias(let name):
      guard let value = anchors[name] else { throw YAMLError(.undefinedAlias, "found undefined alias", at: mark) }
      guard depth + value.height - 1 <= maximumDepth else { throw tooDeep(at: mark) }
      return value
    case .end, .document, .streamEnd:
      // libyaml writes an empty scalar where a value is missing.
      throw YAMLError(.syntax, "there is no value", at: mark)
    }
    if let anchor { anchors[anchor] = found }
    return found
  }

  private func tooDeep(at mark: YAMLMark) -> YAMLError {
    YAMLError(.tooDeep, "nested deeper than \(maximumDepth) levels", at: mark)
  }

  private mutating func elements(depth: Int) throws(YAMLError) -> ([YAMLValue], height: Int) {
    var elements: [YAMLValue] = []
    var height = 0
    while true {
      let event = try events.next()
      if case .end = event { return (elements, height) }
      let element = try value(of: event, depth: depth + 1)
      elements.append(element.value)
      height = max(height, element.height)
    }
  }

  private mutating func members(depth: Int) throws(YAMLError) -> ([YAMLValue.Member], height: Int) {
    var members: [YAMLValue.Member] = []
    var height = 0
    while true {
      let event = try events.next()
      if case .end = event { return (members, height) }
      let key = try value(of: event, depth: depth + 1)
      let element = try value(of: events.next(), depth: depth + 1)
      members.append(YAMLValue.Member(key: key.value, value: element.value))
      height = max(height, key.height, element.height)
    }
  }

  /// Where the first `%TAG` is that is one too many. A line may begin after a line feed, a carriage return, the last
  /// byte of another line break (U+0085, U+2028, U+2029), or a byte order mark.
  private static func excessiveTagDirective(in text: [UInt8]) -> Int? {
    guard text.contains(UInt8(ascii: "%")) else { return nil }
    let mark = Array("%TAG".utf8)
    var (count, matched) = (0, 0)
    var isLineStart = true
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: "%"), isLineStart {
        matched = 1
      } else if matched > 0, byte == mark[matched] {
        matched += 1
      } else {
        matched = 0
      }
      if matched == mark.count {
        (count, matched) = (count + 1, 0)
        if count > maximumTagDirectives { return index + 1 - mark.count }
      }
      isLineStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte & 0xC0 == 0x80
    }
    return nil
  }
}
