/// The encoding of a text, which its byte order mark tells (YAML 1.1, 5.2); libyaml finds the same.
enum YAMLEncoding {
  case utf8, utf16LittleEndian, utf16BigEndian

  /// A text without a mark is in UTF-8.
  init(of bytes: [UInt8]) {
    switch bytes.prefix(2) {
    case [0xFF, 0xFE]: self = .utf16LittleEndian
    case [0xFE, 0xFF]: self = .utf16BigEndian
    default: self = .utf8
    }
  }

  /// The text without its mark. What the encoding does not allow is replaced.
  static func text(of bytes: [UInt8]) -> String {
    switch Self(of: bytes) {
    case .utf8:
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      return String(decoding: bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...], as: UTF8.self)
    case .utf16LittleEndian: return utf16(bytes, low: 0, high: 1)
    case .utf16BigEndian: return utf16(bytes, low: 1, high: 0)
    }
  }

  /// - Parameters:
  ///   - low: where in two bytes the lower one is.
  ///   - high: where the higher one is.
  private static func utf16(_ bytes: [UInt8], low: Int, high: Int) -> String {
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
      UInt16(bytes[index + high]) << 8 | UInt16(bytes[index + low])
    }
    return String(decoding: units, as: UTF16.self)
  }
}
