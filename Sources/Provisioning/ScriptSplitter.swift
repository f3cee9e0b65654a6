/// Splits a script into statements: see ``ScriptStatement/split(_:isTransaction:)``. It reads each byte once, from left
/// to right.
struct ScriptSplitter {
  private let bytes: [UInt8]
  private let isTransaction: Bool
  private let keepsTokens: Bool
  private var index = 0
  private var statements: [ScriptStatement] = []
  private var errors: [ScriptError] = []
  private var hasToldOfTransactions = false
  /// The most errors that are reported for one script.
  private static let maximumErrors = 100

  /// The start of the current statement; nil before its first token.
  private var start: Int?
  /// The words of the current statement outside of parentheses, as in ``ScriptStatement/words``; or the first of them.
  private var words: [String] = []
  /// Its tokens, if they are kept.
  private var tokens: [ScriptToken] = []
  /// The last word. Each is put into the same memory.
  private var word: [UInt8] = []
  /// The previous token in lower case, if it is a word; empty if it is a sign or a literal.
  private var previous = ""
  private var parentheses = 0
  /// The deepest nesting so far.
  private var depth = 0
  /// Whether the current statement is in the body of a routine, between BEGIN ATOMIC and END, which contains
  /// statements.
  private var isInBody = false
  /// Whether END may follow the previous token and end such a body: after ATOMIC, or after the `;` of a statement in
  /// it.
  private var mayEndBody = false

  private var places: ScriptPlaceCounter

  init(_ script: String, isTransaction: Bool, keepsTokens: Bool) {
    let bytes = Array(script.utf8)
    self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    places = ScriptPlaceCounter(self.bytes)
    self.isTransaction = isTransaction
    self.keepsTokens = keepsTokens
  }

  /// The statements, and errors for everything that Postern cannot run. The text around an error is still split.
  mutating func split() -> (statements: [ScriptStatement], errors: [ScriptError], depth: Int) {
    while index < bytes.count, errors.count < Self.maximumErrors { scanToken() }
    endStatement()
    return (statements, errors, depth)
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    index + offset < bytes.count ? bytes[index + offset] : nil
  }

  private mutating func scanToken() {
    let first = bytes[index]
    if Self.isSpace(first) {
      index += 1
    } else if first == UInt8(ascii: "-"), byte(1) == first {
      skipLine()
    } else if first == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
      skipComment()
    } else if first == UInt8(ascii: ";"), parentheses == 0, !isInBody {
      endStatement()
      index += 1
    } else if first == UInt8(ascii: "\\") {
      skipCommand()
    } else {
      if start == nil { start = index }
      if Self.isWord(first) && !Self.isDigit(first) {
        scanWord()
      } else {
        scanSign(first)
        previous = ""
        mayEndBody = first == UInt8(ascii: ";") && parentheses == 0
      }
    }
  }

  private mutating func scanSign(_ first: UInt8) {
    let begin = index
    switch first {
    case UInt8(ascii: "'"):
      skipQuoted(by: first)
      return add("", at: begin)
    case UInt8(ascii: "\""):
      return scanQuotedName()
    case UInt8(ascii: "$"):
      skipDollarQuoted()
      return add("", at: begin)
    case UInt8(ascii: "("):
      parentheses += 1
      depth = max(depth, parentheses)
      index += 1
    case UInt8(ascii: ")"):
      parentheses = max(0, parentheses - 1)
      index += 1
    case _ where Self.isDigit(first):
      while let next = byte(), Self.isWord(next) { index += 1 }
    default:
      index += 1
    }
    if keepsTokens { add(lowercase(begin..<index), at: begin) }
  }

  private mutating func add(_ token: String, at start: Int) {
    if keepsTokens { tokens.append(ScriptToken(text: token, start: start)) }
  }

  /// Skips a command of psql, to the end of its line. Some commands end the statement before them, as `;` does.
  private mutating func skipCommand() {
    let begin = index
    endStatement()
    skipLine()
    let name = bytes[(begin + 1)..<index].prefix { !Self.isSpace($0) && $0 != UInt8(ascii: ";") }
    let hint = Self.commandHints.first { hint in hint.commands.contains { name.elementsEqual($0.utf8) } }?.hint
    fail(
      "holds a command of psql, which begins with a backslash", at: begin,
      hint: hint ?? "take it out: scripts are sent to the server, which knows SQL alone")
  }

  /// What does the work of psql's commands (PostgreSQL docs, "psql", "Meta-Commands").
  private static let commandHints: [(commands: [String], hint: String)] = [
    (
      ["restrict", "unrestrict"],
      "take out what pg_dump has written for psql; pg_dump --inserts writes rows as SQL; a large dump is loaded with psql itself"
    ),
    (["c", "connect"], "a script runs in its own database: move what follows into a script of the other one"),
    (
      ["gexec"],
      "psql alone runs what a query returns: declare databases and users; for the rest, EXECUTE it in a DO block"
    ),
    (["i", "ir", "include", "include_relative"], "make that file a script of its own"),
    (["copy"], rowsHint),
  ]
  private static let rowsHint =
    "write the rows as INSERT: nothing but SQL is sent to the server (pg_dump --inserts writes them so)"

  private mutating func scanWord() {
    let begin = index
    while let next = byte(), Self.isWord(next) || next == UInt8(ascii: "$") { index += 1 }
    let word = lowercase(begin..<index)
    defer { (previous, mayEndBody) = (word, isInBody && word == "atomic") }
    if word == "e", byte() == UInt8(ascii: "'") {
      skipEscapeString()
      return add("", at: begin)
    }
    if takesWord { words.append(word) }
    add(word, at: begin)
    guard parentheses == 0 else { return }
    if words.first == "copy", word == "stdin" || word == "stdout", previous == "from" || previous == "to" {
      fail("copies from or to the client", at: begin, hint: Self.rowsHint)
      skipRows(isInput: word == "stdin")
      return
    }
    if isInBody {
      if word == "end", mayEndBody { isInBody = false }
    } else if word == "atomic", previous == "begin", isRoutine {
      isInBody = true
    }
  }

  private mutating func scanQuotedName() {
    let begin = index
    repeat { skipQuoted(by: UInt8(ascii: "\"")) } while byte() == UInt8(ascii: "\"")
    guard takesWord || keepsTokens else { return }
    let name = String(decoding: bytes[begin..<min(index, bytes.count)], as: UTF8.self)
    if takesWord { words.append(name) }
    add(name, at: begin)
  }

  /// The splitter itself needs the first words alone.
  private var takesWord: Bool { parentheses == 0 && (keepsTokens || words.count < 4) }

  /// Skips what follows COPY … FROM stdin: up to the line that ends the rows, or else to the end of the statement.
  private mutating func skipRows(isInput: Bool) {
    start = nil
    while let next = byte(), next != UInt8(ascii: ";") { index += 1 }
    var end = index
    while isInput, end < bytes.count {
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      end += 1
      if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "\\"), bytes[end + 1] == UInt8(ascii: ".") {
        index = end + 2
      } else {
        continue
      }
      break
    }
    endStatement()
  }

  /// Whether the current statement is CREATE [OR REPLACE] FUNCTION or PROCEDURE.
  private var isRoutine: Bool {
    guard words.first == "create" else { return false }
    let rest = words.dropFirst().starts(with: ["or", "replace"]) ? words.dropFirst(3) : words.dropFirst()
    return rest.first == "function" || rest.first == "procedure"
  }

  /// Whether the current statement ends the transaction in which the script runs, or begins another one. The script's
  /// record would then be in another transaction. ROLLBACK [WORK] TO only returns to a savepoint.
  private var endsTransaction: Bool {
    switch words.first {
    case "begin", "commit", "end", "abort": true
    case "start", "prepare": words.dropFirst().first == "transaction"
    case "rollback":
      words.dropFirst().drop { $0 == "work" || $0 == "transaction" }.first != "to"
    default: false
    }
  }

  /// The server also ends a line at CR.
  private mutating func skipLine() {
    while let next = byte(), next != 0x0A, next != 0x0D { index += 1 }
  }

  /// Skips a comment, which may contain other comments.
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

  /// Skips a literal or an identifier. A doubled quote ends one and begins the next, which has the same result.
  private mutating func skipQuoted(by quote: UInt8) {
    index += 1
    while let next = byte(), next != quote { index += 1 }
    index += 1
  }

  /// Skips `E'…'`, in which a backslash escapes the next byte. Another part may follow if there is a line end in
  /// between.
  private mutating func skipEscapeString() {
    repeat {
      index += 1
      while let next = byte(), next != UInt8(ascii: "'") { index += next == UInt8(ascii: "\\") ? 2 : 1 }
      index += 1
    } while byte() == UInt8(ascii: "'") || skipToNextPart()
  }

  /// Moves to the next part of a literal, over spaces and `--` comments that contain a line end (`quotecontinue` in the
  /// server's `scan.l`). Returns false where no part follows; what was skipped then has no meaning.
  private mutating func skipToNextPart() -> Bool {
    var isNewLine = false
    while let next = byte() {
      if next == 0x0A || next == 0x0D { isNewLine = true }
      if next == UInt8(ascii: "-"), byte(1) == next {
        skipLine()
      } else if Self.isSpace(next) {
        index += 1
      } else {
        return isNewLine && next == UInt8(ascii: "'")
      }
    }
    return false
  }

  /// Skips `$tag$ … $tag$`. A `$` that begins no tag, as in `$1`, is skipped alone.
  private mutating func skipDollarQuoted() {
    var end = index + 1
    while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
    let isParameter = byte(1).map(Self.isDigit) == true
    guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), !isParameter else {
      // The server continues after the `$` alone: an `E'…'` may follow it.
      index = isParameter ? end : index + 1
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
      if isTransaction, endsTransaction, !hasToldOfTransactions {
        // The transaction that it begins is ended somewhere; one error is enough.
        hasToldOfTransactions = true
        fail(
          "begins or ends a transaction", at: start,
          hint: "take that out: the script runs in one transaction; or let it say `transaction: false`")
      }
      let place = places.place(at: start)
      let end = min(index, bytes.count)
      statements.append(
        ScriptStatement(
          text: String(decoding: bytes[start..<end], as: UTF8.self), words: keepsTokens ? words : [], tokens: tokens,
          line: place.line, column: place.column))
    }
    start = nil
    words = []
    tokens = []
    previous = ""
    parentheses = 0
    isInBody = false
  }

  private mutating func fail(_ message: String, at target: Int, hint: String) {
    // What is reported next may be before it.
    var ahead = places
    let place = ahead.place(at: target)
    errors.append(ScriptError(message: "\(place): \(message)", hint: hint))
  }

  private mutating func lowercase(_ range: Range<Int>) -> String {
    word.removeAll(keepingCapacity: true)
    for index in range { word.append((0x41...0x5A).contains(bytes[index]) ? bytes[index] + 0x20 : bytes[index]) }
    return String(decoding: word, as: UTF8.self)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "_") || byte >= 0x80
  }
}
