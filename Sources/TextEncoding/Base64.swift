internal import CVector

/// Base64 (RFC 4648 §4), padded.
package enum Base64 {
  /// The encoded bytes.
  package static func encoded(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    append(bytes, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the encoded bytes.
  package static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    var index = 0
    text.append(addingCapacity: (bytes.count + 2) / 3 * 4) { output in
      index = unsafe bytes.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { room, count in
          guard let from = input.baseAddress, let to = room.baseAddress else { return 0 }
          let done = unsafe postern_base64(from, input.count, to + count)
          count += done / 3 * 4
          return done
        }
      }
    }
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var bits = 0
      for offset in 0..<3 { bits = bits << 8 | (offset < count ? Int(bytes[index + offset]) : 0) }
      for offset in 0...3 { text.append(offset > count ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * offset) & 63]) }
      index += 3
    }
  }

  /// RFC 4648, table 1.
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
