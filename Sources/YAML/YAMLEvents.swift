internal import CYAML

/// libyaml's parser: the events of a text, one after the other (libyaml, `yaml_parser_parse`).
@safe struct YAMLEvents: ~Copyable {
  enum Event {
    case alias(String)
    case scalar(String, YAMLValue.Style, tag: String?, anchor: String?)
    case sequence(tag: String?, anchor: String?)
    case mapping(tag: String?, anchor: String?)
    /// The end of a sequence, a mapping or a document.
    case end
    /// The beginning of a document.
    case document
    /// Nothing follows.
    case streamEnd
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  /// The text, which the parser reads where it lies.
  private let text: UnsafeMutableBufferPointer<UInt8>
  /// Where the last event began.
  private(set) var mark = YAMLMark(line: 1, column: 1)

  /// - Parameter bytes: in UTF-8, or in UTF-16 with a byte order mark, by which libyaml knows it.
  init(_ bytes: [UInt8]) throws(YAMLError) {
    unsafe self.text = .allocate(capacity: bytes.count)
    _ = unsafe self.text.initialize(fromContentsOf: bytes)
    unsafe parser = .allocate(capacity: 1)
    unsafe parser.initialize(to: yaml_parser_t())
    guard unsafe yaml_parser_initialize(parser) == 1 else { throw Self.noMemory }
    unsafe yaml_parser_set_input_string(parser, self.text.baseAddress, self.text.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  private static let noMemory = YAMLError(.memory, "memory is exhausted", at: YAMLMark(line: 1, column: 1))

  mutating func next() throws(YAMLError) -> Event {
    while true {
      // After the stream's end, and after an error, libyaml gives events of no type.
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw error }
      defer { unsafe yaml_event_delete(&event) }
      mark = unsafe Self.mark(event.start_mark)
      switch unsafe event.type {
      case YAML_STREAM_START_EVENT: continue
      case YAML_DOCUMENT_START_EVENT: return .document
      case YAML_DOCUMENT_END_EVENT, YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
      case YAML_ALIAS_EVENT: return .alias(unsafe Self.text(event.data.alias.anchor) ?? "")
      case YAML_SCALAR_EVENT: return unsafe Self.scalar(event)
      case YAML_SEQUENCE_START_EVENT:
        let start = unsafe event.data.sequence_start
        return unsafe .sequence(tag: Self.text(start.tag), anchor: Self.text(start.anchor))
      case YAML_MAPPING_START_EVENT:
        let start = unsafe event.data.mapping_start
        return unsafe .mapping(tag: Self.text(start.tag), anchor: Self.text(start.anchor))
      default: return .streamEnd
      }
    }
  }

  private static func scalar(_ event: borrowing yaml_event_t) -> Event {
    let scalar = unsafe event.data.scalar
    // A scalar may contain zero bytes.
    let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    let style: YAMLValue.Style =
      switch unsafe scalar.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
      case YAML_LITERAL_SCALAR_STYLE: .literal
      case YAML_FOLDED_SCALAR_STYLE: .folded
      default: .plain
      }
    return unsafe .scalar(
      String(decoding: bytes, as: UTF8.self), style, tag: text(scalar.tag), anchor: text(scalar.anchor))
  }

  private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
    unsafe pointer.map { unsafe String(cString: UnsafePointer($0)) }
  }

  private static func mark(_ mark: yaml_mark_t) -> YAMLMark { YAMLMark(line: mark.line + 1, column: mark.column + 1) }

  /// Why ``next()`` failed.
  private var error: YAMLError {
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? ""
    switch unsafe parser.pointee.error {
    case YAML_MEMORY_ERROR: return Self.noMemory
    case YAML_READER_ERROR:
      return unsafe YAMLError(.character, problem, at: YAMLMark(ofByte: parser.pointee.problem_offset, in: text))
    default:
      let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
      return unsafe YAMLError(.syntax, problem, context: context, at: Self.mark(parser.pointee.problem_mark))
    }
  }
}
