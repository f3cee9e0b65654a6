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
    for (latin, part) in zip(1..., [1, 2, 3, 4, 9, 10, 13, 14, 15, 16]) { codesets["iso8859\(part)"] = "LATIN\(latin)" }
    return codesets
  }()
}
