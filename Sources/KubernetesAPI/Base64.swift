/// Base64 (RFC 4648 §4), padded.
enum Base64 {
  /// RFC 4648, table 1.
  private static let alphabet: InlineArray<64, UInt8> = [
    0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F, 0x50,
    0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
    0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78, 0x79, 0x7A, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x2B, 0x2F,
  ]

  /// The encoded bytes as a JSON string, its quotes included.
  static func quoted(_ bytes: [UInt8]) -> [UInt8] {
    // Quotes at both ends, and padding, stay from here.
    var result = [UInt8](repeating: UInt8(ascii: "="), count: (bytes.count + 2) / 3 * 4 + 2)
    result[0] = UInt8(ascii: "\"")
    result[result.count - 1] = UInt8(ascii: "\"")
    let input = bytes.span
    let table = alphabet
    var output = result.mutableSpan
    var index = 0
    var place = 1
    while index + 3 <= input.count {
      let bits = Int(input[index]) << 16 | Int(input[index + 1]) << 8 | Int(input[index + 2])
      output[place] = table[bits >> 18]
      output[place + 1] = table[bits >> 12 & 63]
      output[place + 2] = table[bits >> 6 & 63]
      output[place + 3] = table[bits & 63]
      index += 3
      place += 4
    }
    switch input.count - index {
    case 1:
      output[place] = table[Int(input[index] >> 2)]
      output[place + 1] = table[Int(input[index] & 3) << 4]
    case 2:
      output[place] = table[Int(input[index] >> 2)]
      output[place + 1] = table[Int(input[index] & 3) << 4 | Int(input[index + 1] >> 4)]
      output[place + 2] = table[Int(input[index + 1] & 15) << 2]
    default: break
    }
    return result
  }
}
