/// The encoding of a text, which its byte order mark tells (YAML 1.1, 5.2); libyaml and kubectl find the same.
package enum YAMLEncoding {
  case utf8, utf16LittleEndian, utf16BigEndian

  /// A text without a mark is in UTF-8.
  package init(of bytes: [UInt8]) {
    switch bytes.prefix(2) {
    case [0xFF, 0xFE]: self = .utf16LittleEndian
    case [0xFE, 0xFF]: self = .utf16BigEndian
    default: self = .utf8
    }
  }

  /// The text without its mark. What the encoding does not allow is replaced.
  package static func text(of bytes: [UInt8]) -> String {
    switch Self(of: bytes) {
    case .utf8: String(decoding: withoutMark(bytes), as: UTF8.self)
    case .utf16LittleEndian, .utf16BigEndian: String(decoding: units(of: bytes), as: UTF16.self)
    }
  }

  /// A text in UTF-8 without its mark.
  package static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
  }

  /// The units of a text in UTF-16 without its mark. A last byte alone is left out.
  package static func units(of bytes: [UInt8]) -> [UInt16] {
    let (low, high) = Self(of: bytes) == .utf16BigEndian ? (1, 0) : (0, 1)
    return stride(from: 2, to: bytes.count - 1, by: 2).map { index in
      UInt16(bytes[index + high]) << 8 | UInt16(bytes[index + low])
    }
  }
}
