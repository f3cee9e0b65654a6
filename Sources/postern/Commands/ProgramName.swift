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
  ) async -> [String] {
    let words = Array(words)
    let start = words.last ?? ""
    guard words.count > 1 else {
      return commands.filter { $0._commandName.hasPrefix(start) }
        .map { "\($0._commandName)\t\($0.configuration.abstract)" } + [":4"]
    }
    // The customer is the first word after the command's name that is neither an option nor an option's value.
    guard completesCustomers.contains(words[0]), !start.hasPrefix("-"),
      ClusterOptions.rest(of: words.dropFirst().dropLast()).isEmpty
    else { return [":0"] }
    return await ClusterOptions.customers(beginning: start, words: words.dropLast()) + [":4"]
  }

  /// The commands whose first argument is a customer.
  private static let completesCustomers = [OpenPsql._commandName, ShowStatus._commandName]
}
