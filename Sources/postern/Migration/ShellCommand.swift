/// One simple command of a shell script: assignments, words, and where its input and its output go.
struct ShellCommand {
  enum Input {
    /// A text that stands in the script.
    case text(String, line: Int)
    /// A file, or what a command prints that is not known.
    case other
  }

  private(set) var assignments: [ShellWord] = []
  private(set) var words: [ShellWord] = []
  var input: Input?
  /// The file that it reads.
  private(set) var inputPath: String?
  /// Whether its output is kept in a file.
  private(set) var isKept = false
  /// Whether it may not run: it stands behind `||`, or behind a test and `&&`.
  var isConditional = false
  /// Whether it reads what the one before it prints.
  var readsPipe = false

  /// Whether it only asks something.
  var isTest: Bool { readsPipe || ["[", "[[", "test"].contains(words.first?.text) }
  var isEmpty: Bool { words.isEmpty && assignments.isEmpty }
  var line: Int { (assignments + words).first?.line ?? 1 }

  mutating func add(_ word: ShellWord) {
    if words.isEmpty, word.assigned != nil { assignments.append(word) } else { words.append(word) }
  }

  /// Takes `<`, `>` and the like with its target.
  mutating func redirect(_ sign: String, of descriptor: String?, to target: ShellWord) {
    switch sign {
    case "<<<": input = .text(target.text + "\n", line: target.line)
    case "<", "<>", "<&":
      if ["0", nil].contains(descriptor) { (input, inputPath) = (.other, sign == "<" ? target.text : nil) }
    case ">&" where target.text.allSatisfy { $0.isNumber || $0 == "-" }: break
    default:
      let isDevice = target.text.hasPrefix("/dev/") && !target.text.hasPrefix("/dev/shm/")
      if ["1", nil].contains(descriptor), !isDevice { isKept = true }
    }
  }

  /// What it prints, as far as the script says that.
  var printed: Input {
    let operands = words.dropFirst()
    guard !isKept else { return .other }
    switch words.first?.text {
    case "cat" where operands.allSatisfy { $0.text == "-" }: return input ?? .other
    case "echo":
      let text = operands.map(\.text).joined(separator: " ")
      // Whether a backslash is one depends on the shell.
      guard operands.first?.text.hasPrefix("-") != true, !text.contains("\\") else { return .other }
      return .text(text + "\n", line: operands.first?.line ?? line)
    case _ where readsPipe && words.allSatisfy(\.isSure):
      guard case .text(let text, let line)? = input, !ScriptVariable.isIn(text),
        let filtered = ShellOutput.filtered(text, by: words.map(\.text))
      else { return .other }
      return .text(filtered, line: line)
    default: return .other
    }
  }
}
