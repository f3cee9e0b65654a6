/// A word of a shell script, with its quotes taken off and its variables replaced.
struct ShellWord {
  private(set) var text = ""
  /// The line on which it begins, from 1.
  let line: Int
  private var isQuoted = false
  /// Whether no part of it is quoted or replaced. Only such a word can be a reserved one.
  private(set) var isBare = true
  /// Whether it is one word for certain: an unquoted variable or pattern may stand for several, or for none.
  private(set) var isSure = true
  /// Whether an unquoted variable is in it, which a shell divides into words.
  private(set) var isExpanded = false
  /// The name to which it assigns a value, if it is `NAME=VALUE`.
  private(set) var assigned: String?
  /// The variables that it gives a value, where they have none: `${NAME:=VALUE}`. Of others it is the one that they have.
  var defaults: [(name: String, value: String)] = []
  /// The commands of `$(…)` and the like in it.
  var commands: [Substring] = []

  init(line: Int) { self.line = line }

  /// A part of a word: the value of an option.
  init(_ text: some StringProtocol, partOf whole: ShellWord) {
    (self.text, line, isSure, isBare) = (String(text), whole.line, whole.isSure, false)
  }

  /// Whether it is a word at all: an unquoted variable that is empty leaves none.
  var isThere: Bool { !text.isEmpty || isQuoted }
  /// What is behind `NAME=`.
  var value: Substring { assigned.map { text.dropFirst($0.count + 1) } ?? text[...] }

  mutating func add(_ sign: Character) {
    if "*?[{".contains(sign) || ScriptVariable.isIn(String(sign)) { isSure = false }
    text.append(sign)
    guard sign == "=", isBare, assigned == nil,
      let match = text.wholeMatch(of: /([A-Za-z_][A-Za-z0-9_]*)(\+?)=/)
    else { return }
    assigned = String(match.output.1)
    guard !match.output.2.isEmpty else { return }
    // What `NAME+=` comes to is not known.
    text = "\(match.output.1)="
    add(expanded: ScriptVariable.unknown)
  }

  /// - Parameter isEnded: whether the quote has an end; a shell runs nothing from one on that has none.
  mutating func add(quoted part: some StringProtocol, isEnded: Bool = true) {
    isBare = false
    isSure = isSure && isEnded && !ScriptVariable.isList(part)
    isQuoted = true
    text += part
  }

  /// Adds what an unquoted variable stands for.
  mutating func add(expanded part: String) {
    (isBare, isExpanded) = (false, true)
    text += part
    if ScriptVariable.isIn(part) || ScriptVariable.isList(part)
      || part.contains(where: { $0.isWhitespace || "*?[".contains($0) })
    {
      isSure = false
    }
  }
}
