/// A command of a shell script, line by line, without its comments.
struct ShellCommand {
  /// A here-document that follows the command.
  struct Document {
    /// Whether tabs before its lines are taken off.
    let isIndented: Bool
    /// Whether variables in it are replaced.
    let isPlain: Bool
    let delimiter: Substring
  }

  private(set) var text = ""
  private(set) var document: Document?
  private var quote: Character?
  private var isEscaped = false

  /// Whether the next line is of this command: a backslash ends the last one, or a quote is open.
  var goesOn: Bool { isEscaped || quote != nil && document == nil }

  /// Adds a line.
  mutating func add(_ line: String) {
    if isEscaped {
      text.removeLast()
      text += " "
    } else if !text.isEmpty {
      text += "\n"
    }
    isEscaped = false
    var before: Character?
    for index in line.indices {
      let sign = line[index]
      // A comment begins where a word could. An apostrophe in it opens no quote.
      if quote == nil, !isEscaped, sign == "#", Self.endsWord(before) {
        text += line[..<index]
        return
      }
      read(sign, line[index...], before)
      before = sign
    }
    text += line
  }

  private mutating func read(_ sign: Character, _ rest: Substring, _ before: Character?) {
    if isEscaped {
      isEscaped = false
    } else if sign == "\\", quote != "'" {
      isEscaped = true
    } else if let open = quote {
      if sign == open { quote = nil }
    } else if sign == "'" || sign == "\"" {
      quote = sign
    } else if sign == "<", before != "<", document == nil,
      let match = rest.prefixMatch(of: /<<(-?)\s*(["'\\]?)([A-Za-z_][A-Za-z0-9_]*)/)
    {
      document = Document(
        isIndented: !match.output.1.isEmpty, isPlain: match.output.2.isEmpty, delimiter: match.output.3)
    }
  }

  private static func endsWord(_ sign: Character?) -> Bool {
    sign.map { $0.isWhitespace || ";|&()".contains($0) } ?? true
  }
}
