import PostgresParser

/// A token of SQL that somebody else wrote.
enum SQLWord: Equatable, Sendable {
  /// A keyword or a name without quotes, in lower case, as the server folds it.
  case word(String)
  /// A name in quotes.
  case name(String)
  /// A literal. Nil where it has escapes.
  case text(String?)
  case number(String)
  case sign(String)

  /// The word, if it has no quotes.
  var keyword: String? { if case .word(let text) = self { text } else { nil } }

  /// What stands for the role that a statement runs as, as a variable: most often the superuser.
  static let ownRole = "CURRENT_USER of SQL"
  /// Reserved words, which are no names without quotes.
  private static let ownRoles: Set = ["current_user", "current_role", "session_user", "user"]

  /// What it names, as a role, a database and so on.
  var identifier: String? {
    switch self {
    case .word(let text) where Self.ownRoles.contains(text): ScriptVariable.mark(Self.ownRole)
    case .word(let text), .name(let text): text
    default: nil
    }
  }

  /// A literal's content.
  var literal: String? { if case .text(let text) = self { text } else { nil } }

  /// The words of a text, without comments, each with the offset of its first byte. Nil where PostgreSQL's scanner refuses it.
  static func all(in sql: String) -> [(word: SQLWord, start: Int)]? {
    guard let tokens = PostgresParser.tokens(of: sql) else { return nil }
    let bytes = Array(sql.utf8)
    return tokens.compactMap { range in Self(bytes[range]).map { ($0, range.lowerBound) } }
  }

  private init?(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.first, let last = bytes.last else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    switch first {
    case UInt8(ascii: "\""): self = .name(String(text.dropFirst().dropLast()).replacing("\"\"", with: "\""))
    case UInt8(ascii: "'"): self = .text(String(text.dropFirst().dropLast()).replacing("''", with: "'"))
    case UInt8(ascii: "$") where bytes.count > 1 && last == first:
      let delimiter = text.dropFirst().prefix { $0 != "$" }.count + 2
      self = .text(String(text.dropFirst(delimiter).dropLast(delimiter)))
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
      self = bytes.count > 1 || first != UInt8(ascii: ".") ? .number(text) : .sign(text)
    case _ where last == UInt8(ascii: "'"):
      // E'', U&'', B'' and others. National ones mean what plain ones mean.
      let isPlain = !text.contains("\\") && "bBeEnNxX".utf8.contains(first)
      self = .text(isPlain ? String(text.dropFirst(2).dropLast()).replacing("''", with: "'") : nil)
    case _ where last == UInt8(ascii: "\""): self = .text(nil)
    case _ where first == UInt8(ascii: "_") || first >= 0x80 || (0x41...0x5A).contains(first & 0xDF):
      // A variable's name is as it is written.
      self =
        ScriptVariable.isIn(text)
        ? .word(text)
        : .word(String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self))
    default: self = .sign(text)
    }
  }
}
