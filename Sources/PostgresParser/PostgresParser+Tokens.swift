internal import CPGQuery

// `postern migrate` looks for secrets in tokens, the check of scripts for comments, and tests compare the splitter with these.
extension PostgresParser {
  /// The bytes of each token of a script, without comments; nil where the scanner refuses the script, for example
  /// because of a literal that has no end.
  package static func tokens(of script: String) -> [Range<Int>]? {
    guard let (bytes, ranges) = scan(script) else { return nil }
    return ranges.filter { !isComment(bytes[$0]) }
  }

  /// A script whose comments are spaces, with as many characters and lines; nil where it has none, or the scanner refuses it.
  static func withoutComments(_ script: String) -> String? {
    guard let (bytes, ranges) = scan(script) else { return nil }
    let comments = ranges.filter { isComment(bytes[$0]) }
    guard !comments.isEmpty else { return nil }
    var bare: [UInt8] = []
    bare.reserveCapacity(bytes.count)
    var end = 0
    for comment in comments {
      bare += bytes[end..<comment.lowerBound]
      for byte in bytes[comment] where !(0x80..<0xC0).contains(byte) {
        bare.append(byte == 0x0A || byte == 0x0D ? byte : 0x20)
      }
      end = comment.upperBound
    }
    return String(decoding: bare + bytes[end...], as: UTF8.self)
  }

  /// The comment with which a script ends, if that is one to the end of its line; nil where there is none, or the scanner refuses
  /// the script.
  package static func lastComment(in script: String) -> String? {
    guard let (bytes, ranges) = scan(script), let last = ranges.last, bytes[last].starts(with: "--".utf8) else {
      return nil
    }
    return String(decoding: bytes[last], as: UTF8.self)
  }

  /// The bytes of a script, and where its tokens and comments are.
  private static func scan(_ script: String) -> (bytes: [UInt8], ranges: [Range<Int>])? {
    guard !hasNUL(script), lineOfEndlessSigns(in: script) == nil else { return nil }
    let result = unsafe pg_query_scan(script)
    defer { unsafe pg_query_free_scan_result(result) }
    guard unsafe result.error == nil, let data = unsafe result.pbuf.data else { return nil }
    guard let found = unsafe ScanResult(Array(UnsafeRawBufferPointer(start: data, count: result.pbuf.len))) else {
      return nil
    }
    let bytes = Array(script.utf8)
    return (bytes, found.ranges.filter { $0.upperBound <= bytes.count })
  }

  private static func isComment(_ token: ArraySlice<UInt8>) -> Bool {
    token.starts(with: "--".utf8) || token.starts(with: "/*".utf8)
  }
}
