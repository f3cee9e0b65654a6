internal import CYAML

/// libyaml's emitter (libyaml, `yaml_emitter_emit`): a document in block style, with lines as long as they are.
@safe package struct YAMLWriter: ~Copyable {
  /// What libyaml writes into.
  private final class Output {
    var bytes: [UInt8] = []
  }

  private let emitter: UnsafeMutablePointer<yaml_emitter_t>
  private let output = Output()

  /// The text of a document. The same value always gives the same bytes. A scalar that its style cannot express is
  /// quoted. Marks and tags are not used.
  package static func text(_ value: YAMLValue) throws(YAMLError) -> String {
    let writer = YAMLWriter()
    var event = unsafe yaml_event_t()
    try unsafe writer.emit(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event)
    try unsafe writer.emit(yaml_document_start_event_initialize(&event, nil, nil, nil, 1), &event)
    try writer.write(value)
    try unsafe writer.emit(yaml_document_end_event_initialize(&event, 1), &event)
    try unsafe writer.emit(yaml_stream_end_event_initialize(&event), &event)
    return String(decoding: writer.output.bytes, as: UTF8.self)
  }

  private init() {
    unsafe emitter = .allocate(capacity: 1)
    unsafe emitter.initialize(to: yaml_emitter_t())
    unsafe yaml_emitter_initialize(emitter)
    unsafe yaml_emitter_set_encoding(emitter, YAML_UTF8_ENCODING)
    unsafe yaml_emitter_set_unicode(emitter, 1)
    unsafe yaml_emitter_set_width(emitter, -1)
    unsafe yaml_emitter_set_output(
      emitter,
      { context, bytes, count in
        guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
        let output = unsafe Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
        unsafe output.bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        return 1
      }, Unmanaged.passUnretained(output).toOpaque())
  }

  deinit {
    unsafe yaml_emitter_delete(emitter)
    unsafe emitter.deallocate()
  }

  private func write(_ value: YAMLValue) throws(YAMLError) {
    var event = unsafe yaml_event_t()
    switch value.content {
    case .scalar(let text, let style): try write(text, style)
    case .sequence(let elements):
      let style = elements.isEmpty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
      try unsafe emit(yaml_sequence_start_event_initialize(&event, nil, nil, 1, style), &event)
      for element in elements { try write(element) }
      try unsafe emit(yaml_sequence_end_event_initialize(&event), &event)
    case .mapping(let members):
      let style = members.isEmpty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
      try unsafe emit(yaml_mapping_start_event_initialize(&event, nil, nil, 1, style), &event)
      for member in members {
        try write(member.key)
        try write(member.value)
      }
      try unsafe emit(yaml_mapping_end_event_initialize(&event), &event)
    }
  }

  private func write(_ text: String, _ style: YAMLValue.Style) throws(YAMLError) {
    let style =
      switch style {
      case .plain: YAML_PLAIN_SCALAR_STYLE
      case .singleQuoted: YAML_SINGLE_QUOTED_SCALAR_STYLE
      case .doubleQuoted: YAML_DOUBLE_QUOTED_SCALAR_STYLE
      case .literal: YAML_LITERAL_SCALAR_STYLE
      case .folded: YAML_FOLDED_SCALAR_STYLE
      }
    let bytes = Array(text.utf8)
    var event = unsafe yaml_event_t()
    let isMade = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe yaml_scalar_event_initialize(&event, nil, nil, bytes.baseAddress, Int32(bytes.count), 1, 1, style)
    }
    try unsafe emit(isMade, &event)
  }

  /// Lets libyaml write an event that was made. It deletes the event, whether or not it can be written.
  private func emit(_ isMade: Int32, _ event: UnsafeMutablePointer<yaml_event_t>) throws(YAMLError) {
    guard isMade == 1, unsafe yaml_emitter_emit(emitter, event) == 1 else {
      let problem = unsafe emitter.pointee.problem.map { unsafe String(cString: $0) } ?? "memory is exhausted"
      throw YAMLError(.memory, problem, at: YAMLMark(line: 1, column: 1))
    }
  }
}
