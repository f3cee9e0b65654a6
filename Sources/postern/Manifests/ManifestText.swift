/// The text of a file as kubectl decodes it: by its byte order mark, or else as UTF-8.
struct ManifestText: Equatable {
  let text: String
  /// The line, from 1, of the first bytes that are not text; kubectl replaces them by U+FFFD. nil where all is text.
  let damagedLine: Int?

  init(_ bytes: [UInt8]) {
    switch (bytes.first, bytes.dropFirst().first) {
    case (0xFF?, 0xFE?): (text, damagedLine) = Self.utf16(bytes.dropFirst(2)) { UInt16($1) << 8 | UInt16($0) }
    case (0xFE?, 0xFF?): (text, damagedLine) = Self.utf16(bytes.dropFirst(2)) { UInt16($0) << 8 | UInt16($1) }
    default:
      let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
      text = String(decoding: content, as: UTF8.self)
      damagedLine =
        text.utf8.elementsEqual(content)
        ? nil : 1 + zip(text.utf8, content).prefix { $0 == $1 }.count { $0.0 == UInt8(ascii: "\n") }
    }
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>, unit: (UInt8, UInt8) -> UInt16) -> (String, Int?) {
    var units: [UInt16] = []
    var rest = bytes
    while let first = rest.popFirst(), let second = rest.popFirst() { units.append(unit(first, second)) }
    let text = String(decoding: units, as: UTF16.self)
    let isWhole = text.utf16.elementsEqual(units) && bytes.count.isMultiple(of: 2)
    return (text, isWhole ? nil : 1 + zip(text.utf16, units).prefix { $0 == $1 }.count { $0.0 == 0x0A })
  }
}
