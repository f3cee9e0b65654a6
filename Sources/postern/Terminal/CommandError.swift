/// Why a command cannot do what it was asked to. It is the only error that a command ends with.
struct CommandError: Error, Equatable {
  let status: ExitStatus
  /// What to print to standard error: what is wrong, where, and what to do.
  let lines: [String]

  /// Something was refused, or failed.
  static func refused(_ line: String) -> CommandError { CommandError(status: .refused, lines: ["error: \(line)"]) }

  /// A file, a flag or a cluster that was named cannot be used.
  static func unreadable(_ line: String) -> CommandError {
    CommandError(status: .unreadable, lines: ["error: \(line)"])
  }
}
