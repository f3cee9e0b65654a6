import ArgumentParser

extension AsyncParsableCommand {
  /// Does the work of a command, and ends with the exit status that it returns. If it throws, prints the reason.
  func report(on console: Console, _ work: () async throws(CommandError) -> ExitStatus) async throws(ExitCode) {
    let status: ExitStatus
    do throws(CommandError) {
      status = try await work()
    } catch {
      for line in error.lines { console.error(line) }
      status = error.status
    }
    if status != .success { throw ExitCode(status.rawValue) }
  }
}
