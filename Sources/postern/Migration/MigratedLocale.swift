import JSONBytes

/// Encoding and locale of a database, as CloudNativePG's `initdb` and `Database` say them.
struct MigratedLocale {
  var encoding: String?
  var locale: String?
  var collate: String?
  var characterType: String?
  private var provider: String?
  /// What ICU or the server itself sorts by, by its key.
  private var others: [(key: String, value: String)] = []

  /// The keys that are about the locale.
  static let keys: Set = [
    "locale", "localeCollate", "localeCType", "localeProvider", "icuLocale", "icuRules", "builtinLocale",
    "collationVersion",
  ]

  init() {}

  init(_ spec: JSONValue?) {
    func text(_ key: String) -> String? { spec?[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    (encoding, locale) = (text("encoding"), text("locale"))
    (collate, characterType) = (text("localeCollate"), text("localeCType"))
    provider = text("localeProvider")
    others = ["icuLocale", "icuRules", "builtinLocale", "collationVersion"].compactMap { key in
      text(key).map { (key, $0) }
    }
  }

  /// What says nothing of the locale has the defaults'; the same for the encoding.
  func completed(by defaults: Self) -> Self {
    var all = self
    all.encoding = encoding ?? defaults.encoding
    if locale == nil {
      let (from, kind) = (defaults.collate ?? defaults.locale, defaults.characterType ?? defaults.locale)
      (all.collate, all.characterType) = (collate ?? from, characterType ?? kind)
    }
    if provider == nil, others.isEmpty { (all.provider, all.others) = (defaults.provider, defaults.others) }
    return all
  }

  /// What `locale` says of it, and what it cannot say.
  var declared: (locale: String?, remarks: [String]) {
    let sorted = collate ?? locale
    var remarks: [String] = []
    if let kind = characterType ?? locale, let sorted, kind != sorted {
      remarks.append(
        "localeCType \(kind) beside localeCollate \(sorted) has no like: locale is for both; make the database by hand where it matters"
      )
    } else if sorted == nil, let characterType {
      remarks.append("localeCType \(characterType) has no like without a collation")
    }
    if let provider, provider != "libc" {
      remarks.append(
        "localeProvider \(provider) has no like: it is for initdb of the new server (POSTGRES_INITDB_ARGS)")
    }
    for (key, value) in others {
      remarks.append("\(key) \(value) has no like: databases sort as the new server was made (POSTGRES_INITDB_ARGS)")
    }
    return (sorted, remarks)
  }
}
