/// The words behind a program's name, as `getopt_long` takes them: options may stand behind names, several letters in one word,
/// and a value in the same word or the next.
struct ProgramArguments {
  private(set) var options: [(name: String, value: ShellWord)] = []
  private(set) var operands: [ShellWord] = []

  /// Nil where an option is not known, or has no value.
  init?(_ words: some Sequence<ShellWord>, _ known: ProgramOptions) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      if word.text == "--" {
        operands += rest
        return
      } else if word.text.hasPrefix("--") {
        let parts = word.text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = known.option(named: parts[0]), option.hasValue || parts.count == 1 else { return nil }
        if parts.count == 2 {
          options.append((option.name, ShellWord(parts[1], partOf: word)))
        } else if option.hasValue {
          guard let value = rest.popFirst() else { return nil }
          options.append((option.name, value))
        } else {
          options.append((option.name, word))
        }
      } else if word.text.hasPrefix("-"), word.text != "-" {
        var letters = word.text.dropFirst()
        while let letter = letters.popFirst() {
          guard let option = known.option(letter) else { return nil }
          guard option.hasValue else {
            options.append((option.name, word))
            continue
          }
          guard let value = letters.isEmpty ? rest.popFirst() : ShellWord(letters, partOf: word) else { return nil }
          options.append((option.name, value))
          letters = ""
        }
      } else {
        operands.append(word)
        guard !known.areFirst else {
          operands += rest
          return
        }
      }
    }
  }

  func last(_ name: String) -> ShellWord? { options.last { $0.name == name }?.value }
}
