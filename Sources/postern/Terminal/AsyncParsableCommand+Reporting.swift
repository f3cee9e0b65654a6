import ArgumentParser
import Linux

extension AsyncParsableCommand {
  /// Does the work of a command, and ends with the exit status that it returns. If it throws, or if its output cannot be
  /// written, prints the reason.
  func report(on console: Console, _ work: () async throws(CommandError) -> ExitStatus) async throws(ExitCode) {
    var status: ExitStatus
    do throws(CommandError) {
      status = try await work()
    } catch {
      // Names and messages of the cluster and of servers may be in it.
      for line in error.lines.flatMap({ $0.split(separator: "\n", omittingEmptySubsequences: false) }) {
        console.error(String(line).inOneLine)
      }
      status = error.status
    }
    if let fault = console.fault {
      console.error("error: \(fault.message): what was printed is not all there")
      status = .unreadable
    }
    if status != .success { throw ExitCode(status.rawValue) }
  }
}
