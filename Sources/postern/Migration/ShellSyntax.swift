/// The simple commands of a shell script, and what it says around them (POSIX, Shell Command Language, "Shell Grammar").
///
/// `;`, `&`, `&&`, `||`, `|`, a line's end and brackets end a simple command; reserved words stand before it. What a condition, a
/// loop or a function holds is read as if it were run once, and the line of each is told. Of a loop over a list, and of a function,
/// the text is kept, which ``ShellScript`` reads anew for each value and each call; so it is of `while read`.
struct ShellSyntax {
  /// A loop over a list, or a function.
  struct Block {
    enum Kind {
      case loop(variable: String, list: [ShellWord])
      case function(String)
      /// `while read NAME…`, which is given lines.
      case reading(names: [String], signs: String?)
    }

    let kind: Kind
    let body: ShellBody
    /// Which of ``ShellSyntax/compounds`` it is, with those in it.
    let compounds: Range<Int>
    /// The commands in it.
    let commands: Range<Int>
    /// What it reads, as a command does.
    fileprivate(set) var source = ShellCommand()
  }

  private(set) var commands: [ShellCommand] = []
  /// The lines of conditions, loops and functions.
  private(set) var compounds: [Int] = []
  /// Variables that loops set.
  private(set) var loopVariables: Set<String> = []
  private(set) var blocks: [Block] = []

  /// What the words that come are.
  private enum Place {
    case command
    /// The name of a function.
    case function
    /// Of a loop: its variable, and behind it what the variable becomes.
    case variable, list
    /// Of `case`: before `in`, and before `)`.
    case subject, pattern
    /// Of `[[`.
    case test
  }

  /// What is open up to `done` or `}`.
  private struct Opened {
    let end: String
    let kind: Block.Kind?
    let compound: Int
    let start: String.Index
    let startLine: Int
    let firstCommand: Int
    let source: ShellCommand?
  }

  private let lexer: ShellLexer
  /// The token that is read.
  private var index = 0
  private var opened: [Opened] = []
  /// The loop whose `do`, or the function whose `{`, comes.
  private var next: (kind: Block.Kind?, compound: Int)?
  /// The loop whose condition comes.
  private var condition: (compound: Int, command: Int)?
  private var place = Place.command
  private var command = ShellCommand()
  private var openCases = 0
  /// The block that ended last, which may be given what it reads.
  private var closedLoop: Int?
  /// Whether what ended last was more than a simple command.
  private var isClosed = false

  init(_ text: String, _ variables: [String: String]) {
    lexer = ShellLexer(text, variables)
    let tokens = lexer.tokens
    var redirection: (sign: String, descriptor: String?)?
    for (index, (token, line)) in tokens.enumerated() {
      self.index = index
      switch token {
      case .word(let word):
        if let (sign, descriptor) = redirection {
          if isClosed {
            redirectLoop { $0.redirect(sign, of: descriptor, to: word) }
          } else {
            command.redirect(sign, of: descriptor, to: word)
          }
          redirection = nil
        } else {
          take(word)
        }
      case .redirection(let sign, let descriptor): if place != .test { redirection = (sign, descriptor) }
      case .document(let text, let line):
        if isClosed {
          redirectLoop { $0.input = .text(text, line: line) }
        } else {
          command.input = .text(text, line: line)
        }
      case .sign("(") where place == .command && command.words.count == 1 && Self.isEnd(tokens, index + 1):
        // A function's head.
        next = (command.words.first.map { .function($0.text) }, compounds.count)
        compounds.append(line)
        command = ShellCommand()
      case .sign(let sign):
        redirection = nil
        take(sign)
      }
    }
    end(by: "\n")
  }

  private static func isEnd(_ tokens: [(token: ShellLexer.Token, line: Int)], _ index: Int) -> Bool {
    guard index < tokens.count, case .sign(")") = tokens[index].token else { return false }
    return true
  }

  // MARK: Words

  private mutating func take(_ word: ShellWord) {
    switch place {
    case .command:
      if !command.isEmpty || !takeReserved(word) { command.add(word) }
      if command.words.count == 1, word.isBare, word.text == "[[" { place = .test }
    case .function:
      next = (.function(word.text), compounds.count - 1)
      place = .command
    case .variable:
      loopVariables.insert(word.text)
      next?.kind = .loop(variable: word.text, list: [])
      place = .list
    case .list:
      if case .loop(let variable, var list)? = next?.kind, !(list.isEmpty && word.isBare && word.text == "in") {
        // Held once, the list grows where it is.
        next?.kind = nil
        list.append(word)
        next?.kind = .loop(variable: variable, list: list)
      }
    case .subject: if word.isBare, word.text == "in" { place = .pattern }
    case .pattern: if word.isBare, word.text == "esac" { endCase() }
    case .test: if word.text == "]]" { place = .command }
    }
  }

  /// - Returns: whether it is a word that stands before a command, or begins or ends what holds commands.
  private mutating func takeReserved(_ word: ShellWord) -> Bool {
    guard word.isBare else { return false }
    let places = [
      "if": Place.command, "elif": .command, "while": .command, "until": .command, "function": .function,
      "for": .variable, "select": .variable, "case": .subject,
    ]
    if let next = places[word.text] {
      compounds.append(word.line)
      place = next
      if next == .subject { openCases += 1 }
      if next == .variable { self.next = (nil, compounds.count - 1) }
      if word.text == "while" { condition = (compounds.count - 1, commands.count) }
      return true
    }
    switch word.text {
    case "do":
      let source = takeReading()
      open(word, to: "done", source)
    case "{": open(word, to: "}")
    case "done", "}":
      close(word)
      isClosed = true
    case "then", "else", "!", "time": break
    case "fi": isClosed = true
    case "esac": endCase()
    default: return false
    }
    return true
  }

  /// The one command of a loop's condition, if that is `read`, whose loop is then the next to open.
  private mutating func takeReading() -> ShellCommand? {
    guard let condition, next == nil, condition.command + 1 == commands.count, let read = commands.last,
      read.words.first?.text == "read"
    else { return nil }
    let options = read.words.dropFirst().prefix { $0.text.hasPrefix("-") }
    let names = read.words.dropFirst(1 + options.count).map(\.text)
    loopVariables.formUnion(names)
    guard options.allSatisfy({ $0.text == "-r" }), !names.isEmpty else { return nil }
    let signs = read.assignments.last { $0.assigned == "IFS" }.map { String($0.value) }
    next = (.reading(names: names, signs: signs), condition.compound)
    return read
  }

  private mutating func redirectLoop(_ change: (inout ShellCommand) -> Void) {
    guard let last = blocks.indices.last, last == closedLoop else { return }
    change(&blocks[last].source)
  }

  private mutating func open(_ word: ShellWord, to end: String, _ source: ShellCommand? = nil) {
    let isMeant =
      switch next?.kind {
      case .loop?, .reading?: end == "done"
      case .function?: end == "}"
      case nil: false
      }
    let start = lexer.text.index(lexer.starts[index], offsetBy: word.text.count)
    opened.append(
      Opened(
        end: end, kind: isMeant ? next?.kind : nil, compound: next?.compound ?? 0, start: start, startLine: word.line,
        firstCommand: commands.count - (source == nil ? 0 : 1), source: source))
    (next, condition) = (nil, nil)
  }

  private mutating func close(_ word: ShellWord) {
    guard let last = opened.popLast(), last.end == word.text, let kind = last.kind else { return }
    let body = ShellBody(text: String(lexer.text[last.start..<lexer.starts[index]]), line: last.startLine)
    blocks.append(
      Block(
        kind: kind, body: body, compounds: last.compound..<compounds.count,
        commands: last.firstCommand..<commands.count, source: last.source ?? ShellCommand()))
    closedLoop = blocks.count - 1
  }

  private mutating func endCase() {
    place = .command
    openCases = max(0, openCases - 1)
    isClosed = true
  }

  // MARK: Signs

  private mutating func take(_ sign: String) {
    switch place {
    case .test, .subject: break
    case .pattern: if sign == ")" { place = .command }
    case .function, .variable, .list: if sign == ";" || sign == "\n" { place = .command }
    case .command:
      end(by: sign)
      if sign == ")" { isClosed = true }
      if openCases > 0, [";;", ";&", ";;&"].contains(sign) { place = .pattern }
    }
  }

  private mutating func end(by sign: String) {
    let isPipe = sign == "|" || sign == "|&"
    // A command goes on behind a line that ends with `|` or `||`.
    if command.isEmpty, !isClosed, !isPipe { return }
    let printed = isClosed ? .other : command.printed
    let isConditional = sign == "||" || sign == "&&" && command.isTest
    if !command.isEmpty {
      commands.append(command)
      next = nil
    }
    command = ShellCommand()
    (isClosed, closedLoop) = (false, nil)
    if isPipe { (command.input, command.readsPipe) = (printed, true) }
    command.isConditional = isConditional
  }
}

/// The text of a loop's body, or of a function's.
struct ShellBody {
  let text: String
  /// The line on which it begins.
  let line: Int
}
