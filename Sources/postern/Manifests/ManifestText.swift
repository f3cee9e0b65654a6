import YAML

/// The text of a file as kubectl decodes it: by its byte order mark, or else as UTF-8.
struct ManifestText: Equatable {
  let text: String
  /// The line, from 1, of the first bytes that are not text; kubectl replaces them by U+FFFD. nil where all is text.
  let damagedLine: Int?

  init(_ bytes: [UInt8]) {
    text = YAMLEncoding.text(of: bytes)
    switch YAMLEncoding(of: bytes) {
    case .utf8:
      let content = YAMLEncoding.withoutMark(bytes)
      damagedLine =
        text.utf8.elementsEqual(content)
        ? nil : 1 + zip(text.utf8, content).prefix { $0 == $1 }.count { $0.0 == UInt8(ascii: "\n") }
    case .utf16LittleEndian, .utf16BigEndian:
      let units = YAMLEncoding.units(of: bytes)
      let isWhole = text.utf16.elementsEqual(units) && bytes.count.isMultiple(of: 2)
      damagedLine = isWhole ? nil : 1 + zip(text.utf16, units).prefix { $0 == $1 }.count { $0.0 == 0x0A }
    }
  }
}
