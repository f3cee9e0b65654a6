/// Divides a shell script into words and signs (POSIX, Shell Command Language, "Token Recognition", and what bash adds).
///
/// - A word ends at white space and at `; & | ( ) < >`. In it, `'…'`, `"…"`, `$'…'` and `\` quote, and `$NAME`, `${…}`, `$(…)` and
///   backquotes stand for something else.
/// - `#` at a word's start begins a comment, and `\` at a line's end joins it with the next one.
/// - `<<WORD` is followed by a text: the lines behind its own up to the one that is `WORD`.
struct ShellLexer {
  enum Token {
    case word(ShellWord)
    /// What ends a command or is about several of them; also a line's end.
    case sign(String)
    /// `<`, `>` and the like, behind the number of what is redirected. Its target is the word behind it.
    case redirection(String, of: String?)
    /// The text that `<<` gives to a command, and its first line.
    case document(String, line: Int)
  }

  private(set) var tokens: [(token: Token, line: Int)] = []
  /// Where each token begins in ``text``.
  private(set) var starts: [String.Index] = []
  /// The script, with a line feed at each line's end.
  let text: String
  private let variables: [String: String]
  /// Whether the text is what a list holds.
  private let isOfList: Bool
  private var rest: Substring
  private var line = 1
  /// Texts that begin on the next line.
  private var waiting: [(token: Int, delimiter: ShellWord, isIndented: Bool)] = []

  init(_ text: String, _ variables: [String: String], isOfList: Bool = false) {
    self.variables = variables
    self.isOfList = isOfList
    self.text = text.replacing("\r\n", with: "\n")
    rest = self.text[...]
    while let first = rest.first {
      let (start, count) = (rest.startIndex, tokens.count)
      defer { if tokens.count > count { starts.append(start) } }
      if first == "\n" {
        tokens.append((.sign("\n"), line))
        pass(rest.prefix(1))
        takeDocuments()
      } else if first.isWhitespace {
        rest.removeFirst()
      } else if rest.hasPrefix("\\\n") {
        pass(rest.prefix(2))
      } else if first == "#" {
        rest = rest.drop { $0 != "\n" }
      } else if let sign {
        take(sign, descriptor: nil)
      } else {
        let word = word()
        if word.isBare, word.text.allSatisfy(\.isNumber), let sign, sign.hasPrefix("<") || sign.hasPrefix(">") {
          take(sign, descriptor: word.text)
        } else if word.isThere {
          tokens.append((.word(word), word.line))
        }
      }
    }
  }

  /// The words; nil where there is anything else but the ends of lines.
  private var allWords: [ShellWord]? {
    var words: [ShellWord] = []
    for (token, _) in tokens {
      switch token {
      case .word(let word): words.append(word)
      case .sign("\n"): break
      default: return nil
      }
    }
    return words
  }

  /// The words alone.
  var words: [String] { tokens.compactMap { if case .word(let word) = $0.token { word.text } else { nil } } }

  private static let signs = [
    "&>>", "<<<", "<<-", ";;&", "&&", "||", "|&", "&>", ">>", ">&", "<&", "<>", ">|", "<<", ";;", ";&", ";", "&", "|",
    "(", ")", "<", ">",
  ]

  /// The longest sign that stands here. `<(…)` and `>(…)` are words.
  private var sign: String? {
    guard let first = rest.first, ";&|()<>".contains(first), !isSubstitution else { return nil }
    return Self.signs.first { rest.hasPrefix($0) }
  }

  private var isSubstitution: Bool { rest.hasPrefix("<(") || rest.hasPrefix(">(") }

  /// Goes on behind a part of the text.
  private mutating func pass(_ part: Substring) {
    line += part.count { $0 == "\n" }
    rest = rest[part.endIndex...]
  }

  private mutating func take(_ sign: String, descriptor: String?) {
    let start = line
    pass(rest.prefix(sign.count))
    guard sign.contains("<") || sign.contains(">") else { return tokens.append((.sign(sign), start)) }
    guard sign == "<<" || sign == "<<-" else { return tokens.append((.redirection(sign, of: descriptor), start)) }
    pass(rest.prefix { $0 == " " || $0 == "\t" })
    let delimiter = word()
    guard delimiter.isThere else { return }
    waiting.append((tokens.count, delimiter, sign == "<<-"))
    tokens.append((.document("", line: line), start))
  }

  /// Reads the texts that begin on this line.
  private mutating func takeDocuments() {
    for (token, delimiter, isIndented) in waiting {
      let start = line
      var body = ""
      while !rest.isEmpty {
        var text = rest.prefix { $0 != "\n" }
        pass(rest[..<(rest.index(text.endIndex, offsetBy: 1, limitedBy: rest.endIndex) ?? rest.endIndex)])
        if isIndented { text = text.drop { $0 == "\t" } }
        guard text != delimiter.text else { break }
        body += text + "\n"
      }
      if delimiter.isBare { body = ScriptVariable.expandShell(body, variables) }
      tokens[token].token = .document(body, line: start)
    }
    waiting = []
  }

  // MARK: Words

  private mutating func word() -> ShellWord {
    var word = ShellWord(line: line)
    while let first = rest.first, !first.isWhitespace {
      if isSubstitution {
        pass(rest.prefix(1))
        addReference(to: &word)
        continue
      }
      if first == "(", word.assigned != nil, word.value.isEmpty {
        addList(to: &word)
        continue
      }
      guard sign == nil else { break }
      pass(rest.prefix(1))
      switch first {
      case "'":
        let isEnded = rest.contains("'")
        word.add(quoted: take(until: "'"), isEnded: isEnded)
      case "\"": addDoubleQuoted(to: &word)
      case "\\":
        let next = rest.prefix(1)
        pass(next)
        if next != "\n" { word.add(quoted: next) }
      case "`":
        let command = take(until: "`")
        word.commands.append(command)
        word.add(expanded: ShellOutput.text(of: command, variables) ?? ScriptVariable.unknown)
      case "$":
        switch rest.first {
        case "\"": break
        case "'": addEscaped(to: &word)
        default: addReference(to: &word)
        }
      default: word.add(first)
      }
    }
    return word
  }

  /// Takes the text before a sign, and the sign.
  private mutating func take(until end: Character) -> Substring {
    let text = rest.prefix { $0 != end }
    pass(text)
    pass(rest.prefix(1))
    return text
  }

  /// Adds what `$`, of which the sign is read already, or `(…)` stands for.
  private mutating func addReference(to word: inout ShellWord) {
    var end = rest
    let reference = ScriptVariable.takeReference(&end)
    pass(reference)
    note(reference, in: &word)
    let text = ScriptVariable.expandShell("$" + reference, variables)
    // An unquoted `$` before a sign is itself.
    if reference.isEmpty { word.add(quoted: text) } else { word.add(expanded: text) }
  }

  /// What a reference does besides standing for something.
  private func note(_ reference: Substring, in word: inout ShellWord) {
    if reference.first == "(" { word.commands.append(reference) }
    guard reference.first == "{", let match = reference.prefixMatch(of: /{([A-Za-z_][A-Za-z0-9_]*):?=/) else { return }
    word.defaults.append((String(match.output.1), ScriptVariable.expandShell("$" + reference, variables)))
  }

  /// Adds the values of `NAME=(…)`.
  private mutating func addList(to word: inout ShellWord) {
    // A list holds no other, and thousands of parentheses are no list.
    guard !isOfList else {
      pass(rest)
      return word.add(expanded: ScriptVariable.unknown)
    }
    var end = rest
    let list = ScriptVariable.takeReference(&end)
    pass(list)
    word.commands.append(list)
    let values = ShellLexer(String(list.dropFirst().dropLast()), variables, isOfList: true).allWords
    let areKnown = values?.allSatisfy { $0.isSure && !ScriptVariable.isIn($0.text) } ?? false
    word.add(
      expanded: areKnown ? ScriptVariable.list(values?.map(\.text) ?? []) : ScriptVariable.unknown)
  }

  private mutating func addDoubleQuoted(to word: inout ShellWord) {
    let start = rest
    var end = rest
    while let sign = end.first, sign != "\"" {
      end.removeFirst()
      switch sign {
      case "\\": _ = end.popFirst()
      case "$":
        note(ScriptVariable.takeReference(&end), in: &word)
      case "`":
        let text = end.prefix { $0 != "`" }
        word.commands.append(text)
        end = end[text.endIndex...].dropFirst()
      default: break
      }
    }
    let text = start[..<end.startIndex]
    pass(text)
    let isEnded = !rest.isEmpty
    pass(rest.prefix(1))
    word.add(quoted: ScriptVariable.expandShell(text, variables), isEnded: isEnded)
  }

  /// Adds `$'…'`. What its escapes stand for is not read.
  private mutating func addEscaped(to word: inout ShellWord) {
    pass(rest.prefix(1))
    var end = rest
    while let sign = end.first, sign != "'" {
      end.removeFirst()
      if sign == "\\" { _ = end.popFirst() }
    }
    let text = rest[..<end.startIndex]
    pass(text)
    pass(rest.prefix(1))
    if text.contains("\\") { word.add(expanded: ScriptVariable.unknown) } else { word.add(quoted: text) }
  }
}
