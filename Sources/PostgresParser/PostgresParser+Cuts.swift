internal import CPGQuery

// `postern migrate` looks for secrets in tokens, and tests compare the splitter of scripts with these.
extension PostgresParser {
  /// The bytes of each statement, as the grammar splits a script, with the spaces and comments before it; nil where the
  /// script is not SQL.
  package static func cuts(of script: String) -> [Range<Int>]? {
    guard !hasNUL(script), lineOfEndlessSigns(in: script) == nil else { return nil }
    let result = unsafe pg_query_split_with_parser(script)
    defer { unsafe pg_query_free_split_result(result) }
    guard unsafe result.error == nil else { return nil }
    return unsafe UnsafeBufferPointer(start: result.stmts, count: Int(result.n_stmts)).compactMap { statement in
      guard let statement = unsafe statement?.pointee else { return nil }
      let start = Int(statement.stmt_location)
      return start..<start + Int(statement.stmt_len)
    }
  }

  /// The bytes of each token of a script, without comments; nil where the scanner refuses the script, for example
  /// because of a literal that has no end.
  package static func tokens(of script: String) -> [Range<Int>]? {
    guard !hasNUL(script), lineOfEndlessSigns(in: script) == nil else { return nil }
    let result = unsafe pg_query_scan(script)
    defer { unsafe pg_query_free_scan_result(result) }
    guard unsafe result.error == nil, let data = unsafe result.pbuf.data else { return nil }
    guard let found = unsafe ScanResult(Array(UnsafeRawBufferPointer(start: data, count: result.pbuf.len))) else {
      return nil
    }
    let bytes = Array(script.utf8)
    return found.ranges.filter { range in
      guard range.upperBound <= bytes.count else { return false }
      guard range.count > 1 else { return true }
      let signs = (bytes[range.lowerBound], bytes[range.lowerBound + 1])
      return signs != (UInt8(ascii: "-"), UInt8(ascii: "-")) && signs != (UInt8(ascii: "/"), UInt8(ascii: "*"))
    }
  }
}
