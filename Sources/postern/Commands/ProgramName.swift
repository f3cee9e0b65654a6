import ArgumentParser

/// The name by which the program was started: kubectl finds its plugins, and their completions, by their names.
enum ProgramName {
  private static let name = CommandLine.arguments.first?.split(separator: "/").last ?? ""

  static let isPlugin = name == "kubectl-postern"
  static let isCompletion = name == "kubectl_complete-postern"

  /// The lines that kubectl reads: candidates for the last word, and what the shell is to do (cobra's directives, of
  /// which 4 means that it completes no files, and 0 that it does).
  static func completions(
    of words: some Collection<String>, among commands: [any ParsableCommand.Type]
  ) -> [String] {
    guard words.count <= 1 else { return [":0"] }
    let start = words.first ?? ""
    var lines: [String] = []
    for command in commands where command._commandName.hasPrefix(start) {
      lines.append("\(command._commandName)\t\(command.configuration.abstract)")
    }
    return lines + [":4"]
  }
}
