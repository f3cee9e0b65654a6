/// The encodings that a database can have (PostgreSQL docs §23.3.1, those that the server supports).
enum ServerEncoding {
  static let names =
    ["UTF8", "SQL_ASCII", "EUC_CN", "EUC_JP", "EUC_JIS_2004", "EUC_KR", "EUC_TW", "KOI8R", "KOI8U", "MULE_INTERNAL"]
    + (1...10).map { "LATIN\($0)" } + (5...8).map { "ISO_8859_\($0)" } + ["WIN866", "WIN874"]
    + (1250...1258).map { "WIN\($0)" }

  /// The server's spelling of a name that may be in any case.
  static func canonical(_ text: String) -> String? {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let name = text.uppercased()
    return names.contains(name) ? name : nil
  }
}
