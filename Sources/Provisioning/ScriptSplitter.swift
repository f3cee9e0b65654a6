/// Cuts a script into statements: see ``ScriptStatement/split(_:isTransaction:)``.
struct ScriptSplitter {
  private let bytes: [UInt8]
  private let isTransaction: Bool
  private var index = 0
  private var statements: [ScriptStatement] = []

  /// Where the present statement begins; nil before its first token.
  private var start: Int?
  /// The first words of the present statement, in lower case.
  private var words: [String] = []
  private var parentheses = 0
  /// How many BEGIN and CASE of an SQL-standard function body are open.
  private var blocks = 0

  /// Up to where lines were counted, and what was counted.
  private var counted = (index: 0, line: 1, column: 1)

  init(_ script: String, isTransaction: Bool) {
    let bytes = Array(script.utf8)
    self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    self.isTransaction = isTransaction
  }

  mutating func split() throws(ScriptError) -> [ScriptStatement] {
    while index < bytes.count { try scanToken() }
    endStatement()
    return statements
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    index + offset < bytes.count ? bytes[index + offset] : nil
  }

  private mutating func scanToken() throws(ScriptError) {
    let first = bytes[index]
    if Self.isSpace(first) {
      index += 1
    } else if first == UInt8(ascii: "-"), byte(1) == first {
      skipLine()
    } else if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
      skipComment()
    } else if first == UInt8(ascii: ";"), parentheses == 0, blocks == 0 {
      endStatement()
      index += 1
    } else {
      if start == nil { start = index }
      try scanText(first)
    }
  }

  private mutating func scanText(_ first: UInt8) throws(ScriptError) {
    switch first {
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      skipQuoted(by: first)
    case UInt8(ascii: "$"):
      skipDollarQuoted()
    case UInt8(ascii: "("):
      parentheses += 1
      index += 1
    case UInt8(ascii: ")"):
      parentheses = max(0, parentheses - 1)
      index += 1
    case UInt8(ascii: "\\"):
      throw error(
        "holds a command of psql, which begins with a backslash", at: index,
        hint: "take it out: scripts are sent to the server, which knows SQL alone")
    case _ where Self.isWord(first) && !Self.isDigit(first):
      try scanWord()
    case _ where Self.isDigit(first):
      while let next = byte(), Self.isWord(next) { index += 1 }
    default:
      index += 1
    }
  }

  private mutating func scanWord() throws(ScriptError) {
    let begin = index
    while let next = byte(), Self.isWord(next) || next == UInt8(ascii: "$") { index += 1 }
    let word = Self.lowercase(bytes[begin..<index])
    if word == "e", byte() == UInt8(ascii: "'") {
      skipEscapeString()
      return
    }
    if words.count < 4 { words.append(word) }
    if words.first == "copy", word == "stdin" || word == "stdout" {
      throw error(
        "copies from or to the client", at: begin,
        hint: "write the rows as INSERT: nothing but SQL is sent to the server (pg_dump --inserts writes them so)")
    }
    if parentheses == 0, isRoutine {
      if word == "begin" || word == "case" && blocks > 0 { blocks += 1 }
      if word == "end" { blocks = max(0, blocks - 1) }
    }
    if isTransaction { try checkTransaction(word, at: begin) }
  }

  /// Whether the present statement is CREATE [OR REPLACE] FUNCTION or PROCEDURE.
  private var isRoutine: Bool {
    guard words.first == "create" else { return false }
    let rest = words.dropFirst().starts(with: ["or", "replace"]) ? words.dropFirst(3) : words.dropFirst()
    return rest.first == "function" || rest.first == "procedure"
  }

  /// Refuses what would end the transaction that the script runs in: its record would then be in another one.
  private func checkTransaction(_ word: String, at place: Int) throws(ScriptError) {
    let isEnding =
      switch words {
      case ["begin"], ["commit"], ["end"], ["abort"], ["start", "transaction"], ["prepare", "transaction"]: true
      default: false
      }
    // ROLLBACK TO goes back to a savepoint only.
    let isRollback = words == ["rollback"] && !isFollowed(by: "to")
    if isEnding || isRollback {
      throw error(
        "begins or ends a transaction", at: place,
        hint: "take that out: the script runs in one transaction; or let it say `transaction: false`")
    }
  }

  /// Whether the next word is `word` (ROLLBACK WORK TO counts as ROLLBACK TO).
  private func isFollowed(by word: String) -> Bool {
    let rest = bytes[index...].prefix { $0 != UInt8(ascii: ";") }
    let words = rest.split { !Self.isWord($0) }.map { Self.lowercase($0) }
    let next = words.first == "work" || words.first == "transaction" ? words.dropFirst().first : words.first
    return next == word
  }

  private mutating func skipLine() {
    while let next = byte(), next != 0x0A { index += 1 }
  }

  /// A comment, in which others may be nested.
  private mutating func skipComment() {
    var depth = 0
    repeat {
      if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        depth += 1
        index += 2
      } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        index += 2
      } else {
        index += 1
      }
    } while depth > 0 && index < bytes.count
  }

  /// A literal or an identifier. A doubled quote ends one and begins the next, which comes to the same.
  private mutating func skipQuoted(by quote: UInt8) {
    index += 1
    while let next = byte(), next != quote { index += 1 }
    index += 1
  }

  /// `E'…'`, in which a backslash hides the next byte; after a newline another part may follow.
  private mutating func skipEscapeString() {
    repeat {
      index += 1
      while let next = byte(), next != UInt8(ascii: "'") { index += next == UInt8(ascii: "\\") ? 2 : 1 }
      index += 1
      guard byte() != UInt8(ascii: "'") else { continue }
      var next = index
      var isNewLine = false
      while next < bytes.count, Self.isSpace(bytes[next]) {
        isNewLine = isNewLine || bytes[next] == 0x0A || bytes[next] == 0x0D
        next += 1
      }
      guard isNewLine, next < bytes.count, bytes[next] == UInt8(ascii: "'") else { return }
      index = next
    } while index < bytes.count
  }

  /// `$tag$ … $tag$`; a `$` that begins none, as in `$1`, is passed over.
  private mutating func skipDollarQuoted() {
    var end = index + 1
    while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), byte(1).map(Self.isDigit) != true else {
      index = end
      return
    }
    let tag = bytes[index...end]
    index = end + 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "$"), bytes[index...].starts(with: tag) {
        index += tag.count
        return
      }
      index += 1
    }
  }

  private mutating func endStatement() {
    if let start {
      let place = place(of: start)
      let end = min(index, bytes.count)
      statements.append(
        ScriptStatement(
          text: String(decoding: bytes[start..<end], as: UTF8.self), line: place.line, column: place.column))
    }
    start = nil
    words = []
    parentheses = 0
    blocks = 0
  }

  /// The line and column of a byte at or after the last one that was asked for.
  private mutating func place(of target: Int) -> (line: Int, column: Int) {
    while counted.index < target {
      if bytes[counted.index] == 0x0A {
        counted.line += 1
        counted.column = 1
      } else if bytes[counted.index] & 0xC0 != 0x80 {
        counted.column += 1
      }
      counted.index += 1
    }
    return (counted.line, counted.column)
  }

  private func error(_ message: String, at target: Int, hint: String) -> ScriptError {
    var copy = self
    let place = copy.place(of: target)
    return ScriptError(message: "line \(place.line), column \(place.column): \(message)", hint: hint)
  }

  private static func lowercase(_ word: ArraySlice<UInt8>) -> String {
    String(decoding: word.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
  }
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "_") || byte >= 0x80
  }
}
