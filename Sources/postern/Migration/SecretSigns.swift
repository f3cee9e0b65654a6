import Contract
import PostgresParser

/// What tells that SQL which somebody else wrote may hold a secret. No such text is printed.
///
/// It errs towards secrets: a statement that is left out is named in a remark, and a password that is printed into an
/// annotation is in ReplicaSets and audit logs. What no word tells for a secret, such as a value among others in an INSERT, is not
/// found.
enum SecretSigns {
  /// Whether a text may hold a secret: in a literal, a quoted name, a long number or a comment of it.
  static func areIn(_ sql: String) -> Bool {
    // What PostgreSQL cannot read, nobody can tell anything about.
    guard let tokens = PostgresParser.tokens(of: sql), let words = SQLWord.all(in: sql) else { return true }
    if PostgresParser.syntaxError(in: sql) != nil { return true }
    if words.contains(where: { $0.word == .text(nil) }) { return true }
    guard words.contains(where: { canHold($0.word) }) || hasComments(sql, tokens) else { return false }
    let text = sql.lowercased()
    return hasWords(text) || hasShapes(sql, text) || hasStructure(words.compactMap { $0.word.keyword })
  }

  /// Whether a variable's name tells that it holds a secret. `AUTH_DB` and the like do not.
  static func areIn(name: String) -> Bool {
    let text = name.lowercased()
    let letters = text.filter { $0.isLetter || $0.isNumber }
    let signs = [
      "passw", "passphrase", SecretKey.pgpass, "dbpass", "userpass", "secret", "token", "apikey", "credential",
    ]
    return signs.contains { letters.contains($0) } || text.contains(/(?:^|[^a-z])(?:pass|pw|pwd|psk)(?:[^a-z]|$)/)
  }

  private static func canHold(_ word: SQLWord) -> Bool {
    switch word {
    case .text(let text): text?.isEmpty == false
    case .name: true
    case .number(let text): text.utf8.count > 4
    case .word, .sign: false
    }
  }

  /// Whether something stands between the tokens that is not white space.
  private static func hasComments(_ sql: String, _ tokens: [Range<Int>]) -> Bool {
    let bytes = Array(sql.utf8)
    var end = 0
    for range in tokens + [bytes.count..<bytes.count] {
      if bytes[end..<max(end, range.lowerBound)].contains(where: { $0 > 0x20 }) { return true }
      end = range.upperBound
    }
    return false
  }

  /// Words that stand beside secrets, however they are parted: `'pass' || 'word='`.
  private static func hasWords(_ text: String) -> Bool {
    let letters = text.filter { $0.isLetter || $0.isNumber }
    let signs = [
      "passw", "passfile", "passphrase", SecretKey.pgpass, "dbpass", "userpass", "passwd", "kennwort", "motdepasse",
      "contrasena",
      "secret", "token", "apikey", "accesskey", "privatekey", "sslkey", "signingkey", "encryptionkey", "masterkey",
      "credential", "authorization", "bearer", "conninfo", "scramsha256",
    ]
    if text.contains(/[a-z]_key(?:[^a-z0-9_]|$)/) || text.contains(/key['"]?\s*(?:[,=:]|to\s)/) { return true }
    return signs.contains { letters.contains($0) }
      || text.contains(/(?:^|[^a-z])(?:pass|pw|pwd|jwt|psk|pin|auth|creds?|salt)(?:[^a-z]|$)/)
  }

  /// What looks like a secret by itself: the user information of a URI, verifiers, keys of services, and long texts of letters
  /// and digits that are no UUID.
  private static func hasShapes(_ sql: String, _ text: String) -> Bool {
    if text.contains(/:\/\/[^\s]*@/) || text.contains(/:\/\/[^\s'"]*%[0-9a-f]{2}/) { return true }
    if text.contains(/md5[0-9a-f]{32}/) || text.contains(/-----begin/) || text.contains(/akia[0-9a-z]{16}/) {
      return true
    }
    return sql.matches(of: /[A-Za-z0-9+\/_=.-]{24,}/).contains { match in
      let word = match.output
      let digits = word.filter(\.isNumber).count
      let isUUID = word.wholeMatch(of: /[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/) != nil
      return digits >= 4 && word.filter(\.isLetter).count >= 4 && !isUUID
    }
  }

  /// Statements and functions that are given secrets.
  private static func hasStructure(_ words: [String]) -> Bool {
    let functions = ["crypt", "hmac", "encrypt", "decrypt", "pgp_", "dblink", "digest"]
    return words.contains { word in
      functions.contains { word.hasPrefix($0) } || ["options", "subscription", "program"].contains(word)
    }
  }
}
