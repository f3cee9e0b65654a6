/// What simple commands print, of which a script makes names: `$(echo "$DATABASES" | tr ',' ' ')`.
enum ShellOutput {
  /// Longer commands are not looked into, nor is more than this put through a program.
  private static let maximumLength = 1000

  /// What is taken off a variable without changing it.
  private static let lineEnds: Set = ["\\n", "\\r\\n", "[:space:]"]

  /// What the commands between `$(` and `)` print; nil where that is not known.
  static func text(of commands: Substring, _ variables: [String: String]) -> String? {
    guard commands.utf8.count <= maximumLength, commands.first != "(" else { return nil }
    // `$(< FILE)` prints what the file holds.
    let isFile = commands.drop(while: \.isWhitespace).first == "<"
    let syntax = ShellSyntax(isFile ? "cat \(commands)" : String(commands), variables)
    guard syntax.compounds.isEmpty, let first = syntax.commands.first, !first.isConditional, !first.readsPipe,
      var text = printed(by: first, variables)
    else { return nil }
    for command in syntax.commands.dropFirst() {
      let words = command.words.map(\.text)
      guard command.readsPipe, command.words.allSatisfy(\.isSure), let next = filtered(text, by: words),
        !ScriptVariable.isIn(text) || words.starts(with: ["tr", "-d"]) && lineEnds.contains(words[2])
      else { return nil }
      text = next
    }
    while text.last == "\n" { text.removeLast() }
    // Of one variable it matters which one it is.
    return ScriptVariable.isIn(text) && ScriptVariable.reference(text) == nil ? nil : text
  }

  private static func printed(by command: ShellCommand, _ variables: [String: String]) -> String? {
    let operands = command.words.dropFirst().map(\.text)
    switch command.words.first?.text {
    case "printf" where operands.count == 1: return operands[0].contains { "%\\".contains($0) } ? nil : operands[0]
    case "printf":
      guard operands.count == 2, ["%s", "%s\\n"].contains(operands[0]) else { return nil }
      return operands[1]
    case "cat":
      let path = operands.first ?? command.inputPath
      return operands.count > 1 ? nil : path.flatMap { $0.hasPrefix("/") ? variables[$0] : nil }
    default: break
    }
    // Unquoted words with white space come out with one space each.
    guard command.words.first?.text == "echo", case .text(let text, _) = command.printed,
      !ScriptVariable.isList(text), !text.contains(where: { "*?[".contains($0) })
    else { return nil }
    return text
  }

  /// What one program makes of a text.
  static func filtered(_ text: String, by words: [String]) -> String? {
    guard text.utf8.count <= maximumLength else { return nil }
    let operands = words.dropFirst()
    switch (words.first, operands.count) {
    case ("tr", 2):
      guard let first = operands.first, var last = operands.last, first == "-d" else {
        let signs = operands.map { $0 == "\\n" ? "\n" : $0 }
        guard signs.allSatisfy({ $0.count == 1 }) else { return nil }
        return text.replacing(signs[0], with: signs[1])
      }
      last = last.replacing("\\n", with: "\n").replacing("\\r", with: "\r")
      return last.count == 1 || last == "[:space:]"
        ? String(text.filter { last.count == 1 ? String($0) != last : !$0.isWhitespace }) : nil
    case ("sed", 1):
      guard let match = operands.first?.wholeMatch(of: /s(.)([^.*\[\]^$\\])\1(.|\\n)?\1g/) else { return nil }
      return text.replacing(match.output.2, with: match.output.3.map { $0 == "\\n" ? "\n" : $0 } ?? "")
    case ("awk", 1...3):
      guard let match = operands.joined(separator: " ").wholeMatch(of: /(?:-F ?([^ ]) )?{ ?print \$([1-9]) ?}/),
        let number = Int(match.output.2)
      else { return nil }
      let sign = match.output.1?.first
      return text.split(separator: "\n").map { line in
        let fields =
          sign.map { line.split(separator: $0, omittingEmptySubsequences: false) }
          ?? line.split(whereSeparator: \.isWhitespace)
        return number <= fields.count ? fields[number - 1] : ""
      }.joined(separator: "\n")
    case ("xargs", 0): return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    case ("cut", 2...4):
      guard let match = operands.joined(separator: " ").wholeMatch(of: /-d ?(.) -f ?([1-9])/),
        let sign = match.output.1.first, let number = Int(match.output.2)
      else { return nil }
      return text.split(separator: "\n").map { line in
        let fields = line.split(separator: sign, omittingEmptySubsequences: false)
        return fields.count == 1 ? line : number <= fields.count ? fields[number - 1] : ""
      }.joined(separator: "\n")
    default: return nil
    }
  }

  /// What `${NAME…}` makes of a value: `${NAME//,/ }`, `${NAME%%:*}`, `${NAME#*:}`; nil where it is not read.
  static func changed(_ value: String, by operation: Substring) -> String? {
    if operation.isEmpty { return value }
    if let match = operation.wholeMatch(of: /\/\/\\?([^*?\[\\\/])\/(.?)/) {
      return value.replacing(match.output.1, with: match.output.2)
    }
    if let match = operation.wholeMatch(of: /(%%?)([^*?\[\\])\*/), let sign = match.output.2.first {
      let place = match.output.1 == "%%" ? value.firstIndex(of: sign) : value.lastIndex(of: sign)
      return String(value[..<(place ?? value.endIndex)])
    }
    if let match = operation.wholeMatch(of: /(##?)\*([^*?\[\\])/), let sign = match.output.2.first {
      let place = match.output.1 == "##" ? value.lastIndex(of: sign) : value.firstIndex(of: sign)
      return place.map { String(value[value.index(after: $0)...]) } ?? value
    }
    return nil
  }
}
