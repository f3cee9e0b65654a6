/// The encodings that a database can have (PostgreSQL docs §23.3.1, those that the server supports).
enum ServerEncoding {
  static let names =
    ["UTF8", "SQL_ASCII", "EUC_CN", "EUC_JP", "EUC_JIS_2004", "EUC_KR", "EUC_TW", "KOI8R", "KOI8U", "MULE_INTERNAL"]
    + (1...10).map { "LATIN\($0)" } + (5...8).map { "ISO_8859_\($0)" } + ["WIN866", "WIN874"]
    + (1250...1258).map { "WIN\($0)" }

  /// The server's spelling of a name. As the server reads it, case and all but letters and digits do not count, and some have
  /// other names (PostgreSQL src: `clean_encoding_name`, `pg_encname_tbl`).
  static func canonical(_ text: String) -> String? {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    return byFoldedName[folded(text)]
  }

  private static func folded(_ text: String) -> String {
    String(decoding: text.utf8.filter { $0.isOfName && !"-_".utf8.contains($0) }, as: UTF8.self).lowercased()
  }

  private static let byFoldedName: [String: String] = {
    var encodings = [
      "unicode": "UTF8", "koi8": "KOI8R", "alt": "WIN866", "windows866": "WIN866", "windows874": "WIN874",
      "win": "WIN1251", "abc": "WIN1258", "tcvn": "WIN1258", "tcvn5712": "WIN1258", "vscii": "WIN1258",
    ]
    for name in names { encodings[folded(name)] = name }
    for number in 1250...1258 { encodings["windows\(number)"] = "WIN\(number)" }
    for (part, latin) in latinParts { encodings["iso8859\(part)"] = latin }
    return encodings
  }()

  /// The parts of ISO 8859 that have a number of their own as Latin alphabets.
  private static let latinParts = zip([1, 2, 3, 4, 9, 10, 13, 14, 15, 16], (1...10).map { "LATIN\($0)" })

  /// The encoding of the codeset that a locale names, such as UTF8 of `C.UTF-8`; nil where it names none, or one that the
  /// server does not know, which fits every encoding (PostgreSQL src: `encoding_match_list`).
  static func ofLocale(_ locale: String) -> String? {
    guard let dot = locale.firstIndex(of: ".") else { return nil }
    let codeset = locale[dot...].dropFirst().prefix { $0 != "@" }.utf8
    return codesets[String(decoding: codeset.filter(\.isOfName), as: UTF8.self).lowercased().replacing("-", with: "")]
  }

  /// By their codesets in lower case, without signs.
  private static let codesets: [String: String] = {
    var codesets = [
      "utf8": "UTF8", "eucjp": "EUC_JP", "euccn": "EUC_CN", "gb2312": "EUC_CN", "euckr": "EUC_KR", "euctw": "EUC_TW",
      "koi8r": "KOI8R", "koi8u": "KOI8U", "cp866": "WIN866", "cp874": "WIN874",
    ]
    for number in 1250...1258 { codesets["cp\(number)"] = "WIN\(number)" }
    for number in 5...8 { codesets["iso8859\(number)"] = "ISO_8859_\(number)" }
    for (part, latin) in latinParts { codesets["iso8859\(part)"] = latin }
    return codesets
  }()
}
