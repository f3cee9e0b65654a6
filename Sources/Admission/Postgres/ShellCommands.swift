/// Divides a shell's script into simple commands, each a list of words (POSIX, Shell Command Language, "Token Recognition").
///
/// Quotes are taken off. Reserved words before a command, redirections and comments are left out; the text of a here-document is a
/// word of its command. Commands in `$(…)` and backquotes stand before the one that they are in, where `$(NAME)` alone stays as it
/// is: the kubelet may be meant. It takes time in proportion to the script's length, however that looks.
struct ShellCommands {
  private(set) var commands: [[String]] = []

  /// What a closing sign ends.
  private enum Opening {
    case parenthesis
    /// A command in a word, which goes on behind it. `first` is the index of its own first command.
    case substitution(end: UInt8, words: [String], word: [UInt8]?, isQuoted: Bool, first: Int)
  }

  private let bytes: [UInt8]
  private var position = 0
  private var words: [String] = []
  /// Nil between words.
  private var word: [UInt8]?
  /// Whether double quotes are open.
  private var isQuoted = false
  private var openings: [Opening] = []
  /// The ends of here-documents that begin on the next line.
  private var documents: [(delimiter: [UInt8], isIndented: Bool)] = []
  /// Whether the next word is a redirection's target; or a here-document's end.
  private var isTarget = false
  private var isDelimiter = false
  private var isIndented = false

  /// Reserved words behind which a command may begin, or which stand alone.
  private static let reserved: Set = [
    "!", "{", "}", "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "time",
  ]

  init(_ script: String) {
    bytes = Array(script.utf8)
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      take(byte)
    }
    while !openings.isEmpty { close() }
    endCommand()
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\\"): takeEscaped()
    case UInt8(ascii: "`"):
      if case .substitution(byte, _, _, _, _)? = openings.last { close() } else { open(until: byte) }
    case UInt8(ascii: "$"): takeReference()
    case UInt8(ascii: "\""):
      isQuoted.toggle()
      word = word ?? []
    case _ where isQuoted: append(byte)
    case UInt8(ascii: "'"):
      let end = bytes[position...].firstIndex(of: byte) ?? bytes.count
      append(bytes[position..<end])
      position = min(end + 1, bytes.count)
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): endWord()
    case UInt8(ascii: "#") where word == nil:
      position = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    case UInt8(ascii: "\n"):
      endWord()
      takeDocuments()
      endCommand()
    case UInt8(ascii: "&") where next == UInt8(ascii: ">"): endWord()
    case UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"): endCommand()
    case UInt8(ascii: "("):
      endCommand()
      openings.append(.parenthesis)
    case UInt8(ascii: ")"):
      switch openings.last {
      case .substitution(UInt8(ascii: ")"), _, _, _, _)?: close()
      case .parenthesis?:
        endCommand()
        openings.removeLast()
      default: endCommand()
      }
    case UInt8(ascii: "<"), UInt8(ascii: ">"): takeRedirection(byte)
    default: append(byte)
    }
  }

  private mutating func append(_ byte: UInt8) { append(CollectionOfOne(byte)) }

  private mutating func append(_ part: some Sequence<UInt8>) {
    if word == nil { word = Array(part) } else { word?.append(contentsOf: part) }
  }

  private mutating func takeEscaped() {
    guard let next else { return }
    position += 1
    guard next != UInt8(ascii: "\n") else { return }
    if isQuoted, !"\"\\$`".utf8.contains(next) { append(UInt8(ascii: "\\")) }
    append(next)
  }

  private mutating func takeReference() {
    switch next {
    case UInt8(ascii: "("):
      position += 1
      open(until: UInt8(ascii: ")"))
    case UInt8(ascii: "{"):
      let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")).map { $0 + 1 } ?? bytes.count
      append(UInt8(ascii: "$"))
      append(bytes[position..<end])
      position = end
    default: append(UInt8(ascii: "$"))
    }
  }

  // MARK: Commands in words

  private mutating func open(until end: UInt8) {
    openings.append(
      .substitution(end: end, words: words, word: word, isQuoted: isQuoted, first: commands.count))
    (words, word, isQuoted) = ([], nil, false)
  }

  private mutating func close() {
    if let text = restore() { append(text.utf8) }
  }

  /// Goes back to the word that a command is in.
  /// - Returns: what stands for the command.
  private mutating func restore() -> String? {
    endCommand()
    guard case .substitution(let end, let words, let word, let isQuoted, let first)? = openings.popLast() else {
      return nil
    }
    var text = "$()"
    if end == UInt8(ascii: ")"), commands.count == first + 1, let only = commands[first].first,
      commands[first].count == 1, !only.utf8.contains(UInt8(ascii: "$"))
    {
      text = "$(\(only))"
      commands.removeLast()
    }
    (self.words, self.word, self.isQuoted) = (words, word, isQuoted)
    return text
  }

  // MARK: Redirections

  private mutating func takeRedirection(_ sign: UInt8) {
    // A number right before it is what is redirected.
    if let word, !word.isEmpty, word.allSatisfy({ (0x30...0x39).contains($0) }) { self.word = nil }
    endWord()
    if next == UInt8(ascii: "(") {
      position += 1
      open(until: UInt8(ascii: ")"))
      return
    }
    if sign == UInt8(ascii: "<"), next == sign {
      position += 1
      if next == sign {
        // `<<<`: its word is a text.
        position += 1
        return
      }
      isDelimiter = true
      isIndented = next == UInt8(ascii: "-")
      if isIndented { position += 1 }
      return
    }
    while let next, "<>&|".utf8.contains(next) { position += 1 }
    isTarget = true
  }

  /// Reads the texts that begin on this line.
  private mutating func takeDocuments() {
    for (delimiter, isIndented) in documents {
      let start = position
      var end = position
      while position < bytes.count {
        end = position
        let lineEnd = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        var line = bytes[position..<lineEnd]
        position = min(lineEnd + 1, bytes.count)
        if isIndented { line = line.drop { $0 == UInt8(ascii: "\t") } }
        if line.elementsEqual(delimiter) { break }
        end = position
      }
      words.append(String(decoding: bytes[start..<end], as: UTF8.self))
    }
    documents = []
  }

  // MARK: Ends

  private mutating func endWord() {
    guard let word else { return }
    self.word = nil
    if isDelimiter {
      documents.append((word, isIndented))
    } else if !isTarget {
      let text = String(decoding: word, as: UTF8.self)
      if !words.isEmpty || !Self.reserved.contains(text) { words.append(text) }
    }
    (isTarget, isDelimiter) = (false, false)
  }

  private mutating func endCommand() {
    endWord()
    (isTarget, isDelimiter) = (false, false)
    if !words.isEmpty { commands.append(words) }
    words = []
  }
}
