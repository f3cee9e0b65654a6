internal import CVector

/// Base64 (RFC 4648 §4), padded.
package enum Base64 {
  /// The encoded bytes.
  package static func encoded(_ bytes: [UInt8]) -> String {
    var text = [UInt8](repeating: UInt8(ascii: "="), count: length(bytes))
    encode(bytes, to: &text, at: 0)
    return String(decoding: text, as: UTF8.self)
  }

  /// The encoded bytes as a JSON string, its quotes included.
  package static func quoted(_ bytes: [UInt8]) -> [UInt8] {
    var text = [UInt8](repeating: UInt8(ascii: "="), count: length(bytes) + 2)
    text[0] = UInt8(ascii: "\"")
    text[text.count - 1] = UInt8(ascii: "\"")
    encode(bytes, to: &text, at: 1)
    return text
  }

  private static func length(_ bytes: [UInt8]) -> Int { (bytes.count + 2) / 3 * 4 }

  /// Writes the characters. `text` already has padding where padding belongs.
  private static func encode(_ bytes: [UInt8], to text: inout [UInt8], at start: Int) {
    let alphabet = alphabet
    var index = unsafe bytes.withUnsafeBufferPointer { input in
      unsafe text.withUnsafeMutableBufferPointer { output in
        guard let from = input.baseAddress, let to = output.baseAddress else { return 0 }
        return unsafe postern_base64(from, input.count, to + start)
      }
    }
    var place = start + index / 3 * 4
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var bits = 0
      for offset in 0..<3 { bits = bits << 8 | (offset < count ? Int(bytes[index + offset]) : 0) }
      for offset in 0...count { text[place + offset] = alphabet[bits >> (18 - 6 * offset) & 63] }
      index += 3
      place += 4
    }
  }

  /// RFC 4648, table 1.
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
