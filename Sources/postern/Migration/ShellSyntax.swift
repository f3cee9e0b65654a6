/// The simple commands of a shell script, and what it says around them (POSIX, Shell Command Language, "Shell Grammar").
///
/// `;`, `&`, `&&`, `||`, `|`, a line's end and brackets end a simple command; reserved words stand before it. What a condition, a
/// loop or a function holds is read as if it were run once, and the line of each is told.
struct ShellSyntax {
  private(set) var commands: [ShellCommand] = []
  /// The lines of conditions, loops and functions.
  private(set) var compounds: [Int] = []
  /// Variables that loops set.
  private(set) var loopVariables: Set<String> = []

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

  private var place = Place.command
  private var command = ShellCommand()
  private var openCases = 0
  /// Whether what ended last was more than a simple command.
  private var isClosed = false

  init(_ text: String, _ variables: [String: String]) {
    let tokens = ShellLexer(text, variables).tokens
    var redirection: (sign: String, descriptor: String?)?
    for (index, (token, line)) in tokens.enumerated() {
      switch token {
      case .word(let word):
        if let (sign, descriptor) = redirection {
          if !isClosed { command.redirect(sign, of: descriptor, to: word) }
          redirection = nil
        } else {
          take(word)
        }
      case .redirection(let sign, let descriptor): if place != .test { redirection = (sign, descriptor) }
      case .document(let text, let line): if !isClosed { command.input = .text(text, line: line) }
      case .sign("(") where place == .command && command.words.count == 1 && Self.isEnd(tokens, index + 1):
        // A function's head.
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
    case .function: place = .command
    case .variable:
      loopVariables.insert(word.text)
      place = .list
    case .list: break
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
      return true
    }
    switch word.text {
    case "then", "else", "do", "{", "!", "time": break
    case "fi", "done", "}": isClosed = true
    case "esac": endCase()
    default: return false
    }
    return true
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
    if !command.isEmpty { commands.append(command) }
    command = ShellCommand()
    isClosed = false
    if isPipe { (command.input, command.readsPipe) = (printed, true) }
    command.isConditional = isConditional
  }
}
